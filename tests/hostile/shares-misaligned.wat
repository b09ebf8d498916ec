;; Tries: to return shares at an address that no list of 64-bit numbers can have.
;; Ends: fault bad-output
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (drop (call $weights (call $payee_count)))
  (i32.store (i32.const 1040) (i32.const 4097))
  (i32.const 1024))
