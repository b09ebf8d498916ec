;; Tries: a name of three mebibytes.
;; Ends: not admitted: is not lower-case words joined by hyphens
;; Instead of: describe
(func (export "apportion:policy/rule@0.1.0#describe") (result i32)
  (drop (memory.grow (i32.const 50)))
  (memory.fill (i32.const 65536) (i32.const 97) (i32.const 3000000))
  (drop (call $described))
  (i32.store (i32.const 0) (i32.const 65536)) (i32.store (i32.const 4) (i32.const 3000000))
  (i32.const 0))
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
