;; Tries: the one signed division that overflows.
;; Ends: fault arithmetic
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (i32.div_s (i32.const 0x80000000) (i32.const -1)))
