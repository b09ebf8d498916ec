;; Tries: to have stacks of its own.
;; Ends: not admitted: stack switching
(type $f (func))
(type $k (cont $f))
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
