;; Tries: a kind of refusal that the contract does not have.
;; Ends: fault bad-output
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (drop (call $refusal (i32.const 620) (i32.const 22)))
  (i32.store8 (i32.const 1032) (i32.const 9))
  (i32.const 1024))
