;; Tries: a summary that reads backwards from its middle on.
;; Ends: not admitted: the summary is not one visible line
;; Instead of: describe
(data (i32.const 700) "Pays \e2\80\ae ydobyreve")
(func (export "apportion:policy/rule@0.1.0#describe") (result i32)
  (drop (call $described))
  (i32.store (i32.const 16) (i32.const 700)) (i32.store (i32.const 20) (i32.const 18))
  (i32.const 0))
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
