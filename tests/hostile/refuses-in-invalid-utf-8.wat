;; Tries: to refuse in what is no text.
;; Ends: fault bad-output
(data (i32.const 700) "\f8\88\80\80\80")
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $refusal (i32.const 700) (i32.const 5)))
