;; Tries: to make the ledger grow by two mebibytes at every epoch.
;; Ends: fault bad-carry
;; Instead of: describe
(func (export "apportion:policy/rule@0.1.0#describe") (result i32)
  (drop (call $described)) (i32.store8 (i32.const 32) (i32.const 1)) (i32.const 0))
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (drop (memory.grow (i32.const 40)))
  (drop (call $weights (call $payee_count)))
  (i32.store (i32.const 1064) (i32.const 0)) (i32.store (i32.const 1068) (i32.const 2097152))
  (i32.const 1024))
