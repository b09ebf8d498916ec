;; Shows: recursion one call below the limit of depth, at the limit, and one call past it.
;; Parameters: {"calls":393215}
;; Parameters: {"calls":393216}
;; Parameters: {"calls":393217}
;; Instead of: describe
(data (i32.const 700) "{\"type\":\"object\"}")
(func (export "apportion:policy/rule@0.1.0#describe") (result i32)
  (drop (call $described))
  (i32.store (i32.const 24) (i32.const 700)) (i32.store (i32.const 28) (i32.const 17))
  (i32.const 0))
;; Its frame is 128, and 8 for its parameter, two operands, the values of `if` 5, `call` 5, `sub` and `i32.const`, and the
;; counter behind the `if`: 256, of which the limit of 96 MiB holds 393216.
(func $deeper (param $calls i32)
  (if (local.tee $calls (i32.sub (local.get $calls) (i32.const 1))) (then (call $deeper (local.get $calls)))))
;; The parameters are `{"calls":NNNNNN}`.
(func (export "apportion:policy/rule@0.1.0#allocate") (param $at i32) (param i32) (result i32)
  (local $calls i32) (local $end i32)
  (local.set $end (i32.add (local.get $at) (i32.const 6)))
  (loop $digits
    (local.set $calls (i32.add (i32.mul (local.get $calls) (i32.const 10))
      (i32.sub (i32.load8_u offset=9 (local.get $at)) (i32.const 48))))
    (br_if $digits (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (local.get $end))))
  (call $deeper (local.get $calls))
  (call $weights (call $payee_count)))
