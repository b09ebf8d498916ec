;; Tries: to have the host copy a line of 48 MiB, which is over its output limit.
;; Ends: fault bad-output
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (drop (memory.grow (i32.const 900)))
  (call $log (i32.const 65536) (i32.const 50331648))
  (call $weights (call $payee_count)))
