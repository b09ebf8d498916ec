;; Tries: a name that is no text.
;; Ends: not admitted: failed while describing itself: bad-output
;; Instead of: describe
(data (i32.const 700) "\80")
(func (export "apportion:policy/rule@0.1.0#describe") (result i32)
  (drop (call $described))
  (i32.store (i32.const 0) (i32.const 700)) (i32.store (i32.const 4) (i32.const 1))
  (i32.const 0))
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
