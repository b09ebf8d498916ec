;; Tries: to use up the stack while the host stands on it.
;; Ends: fault stack-overflow
;; Instead of: realloc
(func $again (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
  (i32.add (i32.const 1) (call $again (local.get 0) (local.get 1) (local.get 2) (local.get 3))))
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
