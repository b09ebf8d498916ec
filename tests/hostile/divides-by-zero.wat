;; Tries: to divide by zero.
;; Ends: fault arithmetic
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (i32.div_u (i32.const 1) (i32.const 0)))
