;; Tries: to describe itself outside its memory.
;; Ends: not admitted: failed while describing itself: bad-output
;; Instead of: describe
(func (export "apportion:policy/rule@0.1.0#describe") (result i32) (i32.const 0x7ffffff0))
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
