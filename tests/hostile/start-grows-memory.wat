;; Tries: to take all memory as soon as it is there.
;; Ends: not admitted: failed while describing itself: out-of-memory
(func $start (loop (drop (memory.grow (i32.const 100))) (br 0)))
(start $start)
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
