;; Tries: a third kind of answer.
;; Ends: fault bad-output
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (drop (call $weights (call $payee_count)))
  (i32.store8 (i32.const 1024) (i32.const 2))
  (i32.const 1024))
