;; Tries: to read one payee too many, as texts.
;; Ends: fault bad-call
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $payee_ids (i32.const 1) (i32.const 3) (i32.const 1300))
  (call $weights (call $payee_count)))
