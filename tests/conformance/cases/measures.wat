;; Shows: a measure's doubles come through to the bit: the least denormal, the largest, and -0, which becomes 0.
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (drop (call $weights (call $payee_count)))
  (call $one_measure (i32.const 5000) (i32.const 3))
  (i64.store (i32.const 5000) (i64.const 1))
  (i64.store (i32.const 5008) (i64.const 0xffefffffffffffff))
  (i64.store (i32.const 5016) (i64.const 0x8000000000000000))
  (i32.const 1024))
