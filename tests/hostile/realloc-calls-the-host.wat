;; Tries: to call the host while the host hands something over.
;; Ends: fault trap
;; Instead of: realloc
(func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
  (drop (call $seed))
  (i32.const 9000))
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
