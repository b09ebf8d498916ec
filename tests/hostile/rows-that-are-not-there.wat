;; Tries: to read rows beyond the last.
;; Ends: fault bad-call
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $node_weight (i32.const 2) (i32.const -1) (i32.const 1300))
  (call $weights (call $payee_count)))
