;; Tries: to return three million shares: within its memory, above 16 MiB.
;; Ends: fault bad-output
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (drop (memory.grow (i32.const 400)))
  (drop (call $weights (i32.const 1)))
  (i32.store (i32.const 1044) (i32.const 3000000))
  (i32.const 1024))
