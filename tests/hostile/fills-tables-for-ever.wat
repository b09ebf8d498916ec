;; Tries: to have the host fill a table of a million elements with one instruction, again and again.
;; Ends: fault out-of-instructions
(table $t 1 funcref)
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (drop (table.grow $t (ref.null func) (i32.const 1000000)))
  (loop
    (table.fill $t (i32.const 0) (ref.null func) (i32.const 1000000))
    (br 0))
  unreachable)
