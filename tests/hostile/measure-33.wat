;; Tries: one measure more than can be.
;; Ends: fault bad-measures
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32) (local $n i32)
  (drop (call $weights (call $payee_count)))
  (i32.store (i32.const 1056) (i32.const 6000)) (i32.store (i32.const 1060) (i32.const 33))
  ;; `aa`, `ab`... are at 7000
  (loop
    (i32.store8 (i32.add (i32.const 7000) (i32.mul (local.get $n) (i32.const 2))) (i32.const 97))
    (i32.store8 (i32.add (i32.const 7001) (i32.mul (local.get $n) (i32.const 2))) (i32.add (i32.const 48) (local.get $n)))
    (i32.store (i32.add (i32.const 6000) (i32.mul (local.get $n) (i32.const 16))) (i32.add (i32.const 7000) (i32.mul (local.get $n) (i32.const 2))))
    (i32.store (i32.add (i32.const 6004) (i32.mul (local.get $n) (i32.const 16))) (i32.const 2))
    (i32.store (i32.add (i32.const 6008) (i32.mul (local.get $n) (i32.const 16))) (i32.const 5000))
    (i32.store (i32.add (i32.const 6012) (i32.mul (local.get $n) (i32.const 16))) (i32.const 3))
    (local.set $n (i32.add (local.get $n) (i32.const 1)))
    (br_if 0 (i32.lt_u (local.get $n) (i32.const 33))))
  (i32.const 1024))
