;; Tries: to describe itself and divide nothing.
;; Ends: not admitted: not valid here
(component
  (core module $m
    (func (export "describe") (result i32) (i32.const 7)))
  (core instance $i (instantiate $m))
  (func $describe (result u32) (canon lift (core func $i "describe")))
  (instance $rule (export "describe" (func $describe)))
  (export "apportion:policy/rule@0.1.0" (instance $rule)))
