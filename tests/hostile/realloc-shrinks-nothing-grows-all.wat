;; Tries: to grow past its limit while the host hands something over.
;; Ends: fault out-of-memory
;; Instead of: realloc
(func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
  (drop (memory.grow (i32.const 2000)))
  (i32.const 9000))
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
