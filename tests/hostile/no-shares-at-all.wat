;; Tries: to have a pool divided by zero: every weight is 0.
;; Ends: pays 0 0 0
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (drop (call $weights (call $payee_count)))
  (memory.fill (i32.const 4096) (i32.const 0) (i32.const 24))
  (i32.const 1024))
