;; Tries: nothing worse than to refuse, in its own words.
;; Ends: fault no-answer
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $log (i32.const 620) (i32.const 22))
  (call $refusal (i32.const 620) (i32.const 22)))
