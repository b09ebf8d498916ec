;; Tries: to export a rule whose functions have other types.
;; Ends: not admitted: its rule has other types than the contract
(component
  (core module $m
    (func (export "describe") (result i32) (i32.const 7))
    (func (export "allocate") (param i32) (result i32) (i32.const 7)))
  (core instance $i (instantiate $m))
  (func $describe (result u32) (canon lift (core func $i "describe")))
  (func $allocate (param "parameters" u32) (result u32) (canon lift (core func $i "allocate")))
  (instance $rule (export "describe" (func $describe)) (export "allocate" (func $allocate)))
  (export "apportion:policy/rule@0.1.0" (instance $rule)))
