;; Tries: to change its answer after it was read: that was a copy.
;; Ends: pays 33334 33334 33333
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
(func (export "cabi_post_apportion:policy/rule@0.1.0#allocate") (param i32)
  (memory.fill (i32.const 4096) (i32.const 255) (i32.const 8)))
