;; Tries: to log what is no text.
;; Ends: fault bad-output
(data (i32.const 700) "\c0\80")
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $log (i32.const 700) (i32.const 2))
  (call $weights (call $payee_count)))
