;; Tries: to explain the split by an infinite number.
;; Ends: fault bad-measures
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (drop (call $weights (call $payee_count)))
  (call $one_measure (i32.const 5000) (call $payee_count))
  (f64.store (i32.const 5016) (f64.const -inf))
  (i32.const 1024))
