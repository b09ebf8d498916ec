;; Tries: to have the host copy 32 MiB with one instruction, again and again.
;; Ends: fault out-of-instructions
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (drop (memory.grow (i32.const 1000)))
  (loop
    (memory.copy (i32.const 32000000) (i32.const 0) (i32.const 32000000))
    (br 0))
  unreachable)
