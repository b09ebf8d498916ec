;; Shows: memory can be grown to one page below the limit and to the limit, and asking for a page more ends the run.
;; Parameters: {"more":6}
;; Parameters: {"more":7}
;; Parameters: {"more":8}
;; Limits: {"memory":524288}
;; Instead of: describe
(data (i32.const 700) "{\"type\":\"object\"}")
(func (export "apportion:policy/rule@0.1.0#describe") (result i32)
  (drop (call $described))
  (i32.store (i32.const 24) (i32.const 700)) (i32.store (i32.const 28) (i32.const 17))
  (i32.const 0))
(func (export "apportion:policy/rule@0.1.0#allocate") (param $at i32) (param i32) (result i32) (local $more i32)
  (local.set $more (i32.sub (i32.load8_u offset=8 (local.get $at)) (i32.const 48)))
  (if (i32.ne (memory.grow (local.get $more)) (i32.const 1)) (then unreachable))
  ;; The last byte is there.
  (i32.store8 (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 1)) (i32.const 1))
  (call $weights (call $payee_count)))
