;; Tries: to read no rows from beyond the last.
;; Ends: fault bad-call
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $node_weight (i32.const 5) (i32.const 0) (i32.const 1300))
  (call $weights (call $payee_count)))
