;; Tries: the same with 32 bits.
;; Ends: pays 33334 33334 33333
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (if (i32.ne
        (i32.reinterpret_f32 (f32.div (f32.load (i32.const 2000)) (f32.load (i32.const 2008))))
        (i32.const 0x7fc00000))
    (then unreachable))
  (call $weights (call $payee_count)))
