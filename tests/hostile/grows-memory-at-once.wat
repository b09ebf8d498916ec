;; Tries: to have all of a 32-bit memory at once.
;; Ends: fault out-of-memory
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (drop (memory.grow (i32.const 65535)))
  (call $weights (call $payee_count)))
