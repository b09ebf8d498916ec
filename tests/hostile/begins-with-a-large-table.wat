;; Tries: to begin with ten million table elements.
;; Ends: not admitted: failed while describing itself: out-of-table
(table $t 10000000 funcref)
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
