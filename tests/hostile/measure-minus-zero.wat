;; Tries: a number with two spellings; -0 is kept as 0.
;; Ends: pays 33334 33334 33333
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (drop (call $weights (call $payee_count)))
  (call $one_measure (i32.const 5000) (call $payee_count))
  (f64.store (i32.const 5000) (f64.const -0))
  (i32.const 1024))
