;; Tries: to read what it handed over, and said that it does not.
;; Ends: fault bad-call
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $carry (i32.const 1300))
  (call $weights (call $payee_count)))
