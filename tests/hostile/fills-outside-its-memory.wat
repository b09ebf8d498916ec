;; Tries: to fill across the end of its memory.
;; Ends: fault memory-access
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (memory.fill (i32.const 65530) (i32.const 1) (i32.const 100))
  (call $weights (call $payee_count)))
