;; Tries: to log a line that is longer than its memory.
;; Ends: fault bad-output
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $log (i32.const 620) (i32.const -1))
  (call $weights (call $payee_count)))
