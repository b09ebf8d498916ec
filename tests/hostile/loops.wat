;; Tries: to loop without end.
;; Ends: fault out-of-instructions
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (loop (br 0)) unreachable)
