;; Tries: to have the terminal of whoever reads the payouts obey it.
;; Ends: fault bad-measures
(data (i32.const 700) "\1b[2J")
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (drop (call $weights (call $payee_count)))
  (call $one_measure (i32.const 5000) (call $payee_count))
  (i32.store (i32.const 1200) (i32.const 700)) (i32.store (i32.const 1204) (i32.const 4))
  (i32.const 1024))
