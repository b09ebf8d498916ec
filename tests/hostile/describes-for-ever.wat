;; Tries: to loop when it is asked what it is.
;; Ends: not admitted: failed while describing itself: out-of-instructions
;; Instead of: describe
(func (export "apportion:policy/rule@0.1.0#describe") (result i32) (loop (br 0)) unreachable)
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
