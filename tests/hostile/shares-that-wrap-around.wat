;; Tries: to return so many shares that their bytes wrap around to eight.
;; Ends: fault bad-output
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (drop (call $weights (call $payee_count)))
  (i32.store (i32.const 1044) (i32.const 0x20000001))
  (i32.const 1024))
