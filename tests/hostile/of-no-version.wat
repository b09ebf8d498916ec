;; Tries: a version that is none.
;; Ends: not admitted: version `99999999999999999999.0.0` is not a semantic version
;; Instead of: describe
(data (i32.const 700) "99999999999999999999.0.0")
(func (export "apportion:policy/rule@0.1.0#describe") (result i32)
  (drop (call $described))
  (i32.store (i32.const 8) (i32.const 700)) (i32.store (i32.const 12) (i32.const 24))
  (i32.const 0))
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
