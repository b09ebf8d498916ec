;; Tries: to measure fewer payees than there are.
;; Ends: fault bad-measures
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (drop (call $weights (call $payee_count)))
  (call $one_measure (i32.const 5000) (i32.const 1))
  (i32.const 1024))
