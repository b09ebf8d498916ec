;; Tries: an instruction that is not standardised yet.
;; Ends: not admitted: wide arithmetic
(func (result i64 i64) (i64.mul_wide_u (i64.const 1) (i64.const 1)))
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
