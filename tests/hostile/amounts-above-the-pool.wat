;; Tries: to fix the largest amount there is for each payee.
;; Ends: fault bad-division
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (memory.fill (i32.const 1024) (i32.const 0) (i32.const 64))
  (i32.store8 (i32.const 1032) (i32.const 1))
  (i32.store (i32.const 1040) (i32.const 4096)) (i32.store (i32.const 1044) (call $payee_count))
  (memory.fill (i32.const 4096) (i32.const 255) (i32.const 160))
  (i32.const 1024))
