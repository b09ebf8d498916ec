;; Tries: a truth value that is neither: any but 0 is true, and this one then uses no history.
;; Ends: pays 33334 33334 33333
;; Instead of: describe
(func (export "apportion:policy/rule@0.1.0#describe") (result i32)
  (drop (call $described))
  (i32.store8 (i32.const 32) (i32.const 7))
  (i32.const 0))
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
