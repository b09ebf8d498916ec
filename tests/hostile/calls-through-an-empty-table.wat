;; Tries: to call what is not there.
;; Ends: fault indirect-call
(table $t 1 funcref)
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call_indirect $t (result i32) (i32.const 0)))
