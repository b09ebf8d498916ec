;; Tries: to leave the payees nothing: every weight is 1 and the treasury's is the largest there is.
;; Ends: pays 0 0 0
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (drop (call $weights (call $payee_count)))
  (i64.store (i32.const 1048) (i64.const -1))
  (i32.const 1024))
