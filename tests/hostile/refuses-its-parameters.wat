;; Tries: to refuse its parameters.
;; Ends: fault bad-parameters
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (drop (call $refusal (i32.const 620) (i32.const 22)))
  (i32.store8 (i32.const 1032) (i32.const 0))
  (i32.const 1024))
