;; Tries: to make the sum of shares overflow: every weight is the largest there is.
;; Ends: pays 33334 33334 33333
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (drop (call $weights (call $payee_count)))
  (memory.fill (i32.const 4096) (i32.const 255) (i32.const 24))
  (i32.const 1024))
