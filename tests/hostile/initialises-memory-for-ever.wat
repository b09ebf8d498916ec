;; Tries: to have the host copy a data segment with one instruction, again and again.
;; Ends: fault out-of-instructions
(data $text "0123456789012345678901234567890123456789012345678901234567890123456789")
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (loop
    (memory.init $text (i32.const 8192) (i32.const 0) (i32.const 70))
    (br 0))
  unreachable)
