;; Tries: to begin with 125 MiB: more than its limit in a run, less than while it describes itself.
;; Ends: fault out-of-memory
;; Instead of: memory
(memory (export "memory") 2000)
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
