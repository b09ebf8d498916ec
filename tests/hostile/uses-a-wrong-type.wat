;; Tries: to take a number for an address of a function, in code that is not valid.
;; Ends: not admitted: type mismatch
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (i64.const 0))
