;; Tries: to grow a table without end, an element at a time.
;; Ends: fault out-of-table
(table $t 1 funcref)
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (loop (drop (table.grow $t (ref.null func) (i32.const 1))) (br 0)) unreachable)
