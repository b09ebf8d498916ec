;; Tries: pages of one byte.
;; Ends: not admitted: custom page sizes
;; Instead of: memory
(memory (export "memory") 100000 (pagesize 1))
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
