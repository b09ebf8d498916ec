;; Tries: to use up the stack as soon as it is there.
;; Ends: not admitted: failed while describing itself: stack-overflow
(func $start (call $start) (call $start))
(start $start)
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
