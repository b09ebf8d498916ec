;; Tries: to have the host fill 63 MiB with one instruction, again and again.
;; Ends: fault out-of-instructions
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (drop (memory.grow (i32.const 1000)))
  (loop
    (memory.fill (i32.const 8192) (i32.const 1) (i32.const 65000000))
    (br 0))
  unreachable)
