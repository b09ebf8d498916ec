;; Tries: to read a column that the epoch does not have, at rows that no column has: it is told that there is none.
;; Ends: pays 33334 33334 33333
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $node_metric (i32.const 600) (i32.const 5) (i32.const -1) (i32.const -1) (i32.const 1300))
  (if (i32.load8_u (i32.const 1300)) (then unreachable))
  (call $weights (call $payee_count)))
