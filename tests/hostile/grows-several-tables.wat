;; Tries: to stay below the limit with each of three tables.
;; Ends: fault out-of-table
(table $a 1 funcref)
(table $b 1 funcref)
(table $c 1 funcref)
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (drop (table.grow $a (ref.null func) (i32.const 500000)))
  (drop (table.grow $b (ref.null func) (i32.const 500000)))
  (drop (table.grow $c (ref.null func) (i32.const 500000)))
  (call $weights (call $payee_count)))
