;; Tries: to have the host take a NaN for a payee's share: shares are whole numbers, and these bits are a large one.
;; Ends: pays 50001 25000 25000
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (drop (call $weights (call $payee_count)))
  (i64.store (i32.const 4096) (i64.const 0xfffffffffffffffe))
  (i64.store (i32.const 4104) (i64.const 0x7fffffffffffffff))
  (i64.store (i32.const 4112) (i64.const 0x7fffffffffffffff))
  (i32.const 1024))
