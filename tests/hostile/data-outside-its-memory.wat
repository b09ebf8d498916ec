;; Tries: to begin with data where there is no memory.
;; Ends: not admitted: failed while describing itself: memory-access
(data (i32.const 65530) "more than the six bytes that are left")
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
