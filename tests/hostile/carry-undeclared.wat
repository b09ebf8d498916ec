;; Tries: to hand over what it said it does not.
;; Ends: fault bad-carry
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (drop (call $weights (call $payee_count)))
  (i32.store (i32.const 1064) (i32.const 600)) (i32.store (i32.const 1068) (i32.const 5))
  (i32.const 1024))
