;; Tries: to return 2^32 - 1 measures.
;; Ends: fault bad-output
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (drop (call $weights (call $payee_count)))
  (i32.store (i32.const 1056) (i32.const 4096)) (i32.store (i32.const 1060) (i32.const -1))
  (i32.const 1024))
