;; Tries: to begin with all of a 32-bit memory.
;; Ends: not admitted: failed while describing itself: out-of-memory
;; Instead of: memory
(memory (export "memory") 65536)
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
