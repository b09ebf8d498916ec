;; Tries: a schema of 64 MiB.
;; Ends: not admitted: failed while describing itself: bad-output
;; Instead of: describe
(func (export "apportion:policy/rule@0.1.0#describe") (result i32)
  (drop (memory.grow (i32.const 1100)))
  (drop (call $described))
  (i32.store (i32.const 24) (i32.const 65536)) (i32.store (i32.const 28) (i32.const 67108864))
  (i32.const 0))
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
