;; Tries: to throw.
;; Ends: not admitted: exceptions
(tag $oops)
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (throw $oops))
