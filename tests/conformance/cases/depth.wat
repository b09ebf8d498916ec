;; Shows: recursion one call below the limit of depth, at the limit, and one call past it.
;; Parameters: {"calls":11914}
;; Parameters: {"calls":11915}
;; Parameters: {"calls":11916}
;; Instead of: describe
(data (i32.const 700) "{\"type\":\"object\"}")
(func (export "apportion:policy/rule@0.1.0#describe") (result i32)
  (drop (call $described))
  (i32.store (i32.const 24) (i32.const 700)) (i32.store (i32.const 28) (i32.const 17))
  (i32.const 0))
;; Its frame is 64, and 8 for its parameter and for each of at most two operands: 2^20 / 88 is 11915 and a part.
(func $deeper (param $calls i32)
  (if (local.tee $calls (i32.sub (local.get $calls) (i32.const 1))) (then (call $deeper (local.get $calls)))))
;; The parameters are `{"calls":NNNNN}`.
(func (export "apportion:policy/rule@0.1.0#allocate") (param $at i32) (param i32) (result i32)
  (local $calls i32) (local $end i32)
  (local.set $end (i32.add (local.get $at) (i32.const 5)))
  (loop $digits
    (local.set $calls (i32.add (i32.mul (local.get $calls) (i32.const 10))
      (i32.sub (i32.load8_u offset=9 (local.get $at)) (i32.const 48))))
    (br_if $digits (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (local.get $end))))
  (call $deeper (local.get $calls))
  (call $weights (call $payee_count)))
