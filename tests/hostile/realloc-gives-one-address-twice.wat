;; Tries: to have texts written over one another, and over the list of them: it harms itself alone.
;; Ends: pays 33334 33334 33333
;; Instead of: realloc
(func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 9000))
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $node_ids (i32.const 0) (i32.const 4) (i32.const 1300))
  (call $weights (call $payee_count)))
