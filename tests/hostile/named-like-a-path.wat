;; Tries: a name that is a path.
;; Ends: not admitted: name `../../etc/passwd` is not lower-case words
;; Instead of: describe
(data (i32.const 700) "../../etc/passwd")
(func (export "apportion:policy/rule@0.1.0#describe") (result i32)
  (drop (call $described))
  (i32.store (i32.const 0) (i32.const 700)) (i32.store (i32.const 4) (i32.const 16))
  (i32.const 0))
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
