;; Shows: a table can be grown to one element below the limit and to the limit, and asking for one more ends the run.
;; Parameters: {"more":6}
;; Parameters: {"more":7}
;; Parameters: {"more":8}
;; Limits: {"table":10}
;; Instead of: imports, describe
;; Other imports would need a table of the component's own, which counts too.
(import "apportion:policy/epoch@0.1.0" "payee-count" (func $payee_count (result i32)))
(data (i32.const 700) "{\"type\":\"object\"}")
(table $table 3 funcref)
(func (export "apportion:policy/rule@0.1.0#describe") (result i32)
  (drop (call $described))
  (i32.store (i32.const 24) (i32.const 700)) (i32.store (i32.const 28) (i32.const 17))
  (i32.const 0))
(func (export "apportion:policy/rule@0.1.0#allocate") (param $at i32) (param i32) (result i32) (local $more i32)
  (local.set $more (i32.sub (i32.load8_u offset=8 (local.get $at)) (i32.const 48)))
  (if (i32.ne (table.grow $table (ref.null func) (local.get $more)) (i32.const 3)) (then unreachable))
  (table.set $table (i32.sub (table.size $table) (i32.const 1)) (ref.null func))
  (call $weights (call $payee_count)))
