;; Tries: the same without looking at bits: by copying the sign of a NaN to a number.
;; Ends: pays 33334 33334 33333
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (if (f64.ne
        (f64.copysign (f64.const 1) (f64.div (f64.load (i32.const 2000)) (f64.load (i32.const 2008))))
        (f64.const 1))
    (then unreachable))
  (call $weights (call $payee_count)))
