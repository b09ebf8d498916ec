;; Shows: recursion through a table, of the smallest frames, meets the limit of depth.
(type $none (func))
(table funcref (elem $deeper))
(func $deeper (type $none) (call_indirect (type $none) (i32.const 0)))
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $deeper)
  (call $weights (call $payee_count)))
