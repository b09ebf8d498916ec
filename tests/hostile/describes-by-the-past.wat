;; Tries: to read history when it is asked what it is.
;; Ends: not admitted: failed while describing itself: bad-call
;; Instead of: describe
(func (export "apportion:policy/rule@0.1.0#describe") (result i32)
  (call $carry (i32.const 1300))
  (call $described))
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
