;; Tries: to have the host write across the end of its memory.
;; Ends: fault bad-output
;; Instead of: realloc
(func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 65528))
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $node_weight (i32.const 0) (i32.const 4) (i32.const 1300))
  (call $weights (call $payee_count)))
