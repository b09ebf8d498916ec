;; Tries: to make an integer of what is no number.
;; Ends: fault arithmetic
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (i32.trunc_f64_s (f64.const nan)))
