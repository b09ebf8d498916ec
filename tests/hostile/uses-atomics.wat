;; Tries: to wait for another thread.
;; Ends: not admitted: threads
(func (result i32) (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
