;; Tries: to refuse with a mebibyte of escapes for the terminal, in a receipt that is kept for ever.
;; Ends: fault no-answer
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (drop (memory.grow (i32.const 20)))
  (memory.fill (i32.const 65536) (i32.const 27) (i32.const 1048576))
  (call $refusal (i32.const 65536) (i32.const 1048576)))
