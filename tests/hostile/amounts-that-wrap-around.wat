;; Tries: to mint: amounts whose sum is 2^128 + 3, which 128 bits would take for 3.
;; Ends: fault bad-division
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (memory.fill (i32.const 1024) (i32.const 0) (i32.const 64))
  (i32.store8 (i32.const 1032) (i32.const 1))
  (i32.store (i32.const 1040) (i32.const 4096)) (i32.store (i32.const 1044) (call $payee_count))
  ;; high and low half of each amount
  (i64.store (i32.const 4096) (i64.const 0x8000000000000000)) (i64.store (i32.const 4104) (i64.const 1))
  (i64.store (i32.const 4112) (i64.const 0x8000000000000000)) (i64.store (i32.const 4120) (i64.const 1))
  (i64.store (i32.const 4128) (i64.const 0)) (i64.store (i32.const 4136) (i64.const 1))
  (i32.const 1024))
