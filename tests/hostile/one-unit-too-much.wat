;; Tries: to pay one unit more than there is.
;; Ends: fault bad-division
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (memory.fill (i32.const 1024) (i32.const 0) (i32.const 64))
  (i32.store8 (i32.const 1032) (i32.const 1))
  (i32.store (i32.const 1040) (i32.const 4096)) (i32.store (i32.const 1044) (call $payee_count))
  (memory.fill (i32.const 4096) (i32.const 0) (i32.const 48))
  (i64.store (i32.const 4136) (i64.const 100002))
  (i32.const 1024))
