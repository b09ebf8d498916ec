;; Tries: to call a function as if it had another type.
;; Ends: fault indirect-call
(table $t funcref (elem $helper))
(func $helper (param f64))
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call_indirect $t (result i32) (i32.const 0)))
