;; Shows: memory that starts larger than the limit ends the run before it begins.
;; Limits: {"memory":65536}
;; Instead of: memory
(memory (export "memory") 2)
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
