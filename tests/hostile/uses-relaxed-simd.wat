;; Tries: an instruction whose result may depend on the processor.
;; Ends: not admitted: relaxed SIMD
(func (result v128)
  (f64x2.relaxed_madd (v128.const i64x2 0 0) (v128.const i64x2 0 0) (v128.const i64x2 0 0)))
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
