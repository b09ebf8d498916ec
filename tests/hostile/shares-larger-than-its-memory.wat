;; Tries: to return a list that is larger than its memory.
;; Ends: fault bad-output
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (drop (call $weights (i32.const 1)))
  (i32.store (i32.const 1044) (i32.const 0x1fffffff))
  (i32.const 1024))
