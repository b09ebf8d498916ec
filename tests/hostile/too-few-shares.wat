;; Tries: to forget payees.
;; Ends: fault bad-division
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (i32.const 1)))
