;; Shows: recursion one call below the limit of depth, at the limit, and one call past it.
;; Parameters: {"calls":5956}
;; Parameters: {"calls":5957}
;; Parameters: {"calls":5958}
;; Instead of: describe
(data (i32.const 700) "{\"type\":\"object\"}")
(func (export "apportion:policy/rule@0.1.0#describe") (result i32)
  (drop (call $described))
  (i32.store (i32.const 24) (i32.const 700)) (i32.store (i32.const 28) (i32.const 17))
  (i32.const 0))
;; Its frame is 64, and 8 for its parameter and for each of at most two operands: 2^19 / 88 is 5957 and a part.
(func $deeper (param $calls i32)
  (if (local.tee $calls (i32.sub (local.get $calls) (i32.const 1))) (then (call $deeper (local.get $calls)))))
;; The parameters are `{"calls":NNNN}`.
(func (export "apportion:policy/rule@0.1.0#allocate") (param $at i32) (param i32) (result i32)
  (call $deeper (i32.add (i32.add (i32.mul (call $digit (i32.load8_u offset=9 (local.get $at))) (i32.const 1000))
    (i32.mul (call $digit (i32.load8_u offset=10 (local.get $at))) (i32.const 100)))
    (i32.add (i32.mul (call $digit (i32.load8_u offset=11 (local.get $at))) (i32.const 10))
    (call $digit (i32.load8_u offset=12 (local.get $at))))))
  (call $weights (call $payee_count)))
(func $digit (param i32) (result i32) (i32.sub (local.get 0) (i32.const 48)))
