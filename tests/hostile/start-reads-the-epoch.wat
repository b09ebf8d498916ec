;; Tries: to read an epoch before it is asked about one.
;; Ends: not admitted: failed while describing itself: bad-call
(func $start (drop (call $payee_count)))
(start $start)
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
