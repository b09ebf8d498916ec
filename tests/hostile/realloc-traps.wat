;; Tries: to trap while the host hands something over.
;; Ends: fault unreachable
;; Instead of: realloc
(func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
