;; Tries: to have the host copy half a million table elements with one instruction, again and again.
;; Ends: fault out-of-instructions
(table $t 1 funcref)
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (drop (table.grow $t (ref.null func) (i32.const 1000000)))
  (loop
    (table.copy $t $t (i32.const 1) (i32.const 500000) (i32.const 500000))
    (br 0))
  unreachable)
