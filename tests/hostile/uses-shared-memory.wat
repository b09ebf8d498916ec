;; Tries: memory that threads share.
;; Ends: not admitted: threads
;; Instead of: memory
(memory (export "memory") 1 2 shared)
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
