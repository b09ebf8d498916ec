;; Tries: to grow its memory without end, 64 MiB at a time.
;; Ends: fault out-of-memory
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (loop (drop (memory.grow (i32.const 1024))) (br 0)) unreachable)
