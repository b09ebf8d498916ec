;; Tries: to trap after its answer was read.
;; Ends: fault unreachable
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
(func (export "cabi_post_apportion:policy/rule@0.1.0#allocate") (param i32) unreachable)
