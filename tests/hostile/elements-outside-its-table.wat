;; Tries: to begin with elements where there is no table.
;; Ends: not admitted: failed while describing itself: indirect-call
(table $t 1 funcref)
(elem (table $t) (i32.const 5) func $helper)
(func $helper)
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
