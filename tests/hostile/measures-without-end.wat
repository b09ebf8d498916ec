;; Tries: to have the host copy its whole memory a million times: every one of a million measures is all of it.
;; Ends: fault bad-output
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32) (local $n i32)
  (drop (memory.grow (i32.const 320)))
  (drop (call $weights (call $payee_count)))
  (i32.store (i32.const 1056) (i32.const 65536)) (i32.store (i32.const 1060) (i32.const 1000000))
  (loop
    (i32.store (i32.add (i32.const 65536) (i32.mul (local.get $n) (i32.const 16))) (i32.const 600))
    (i32.store (i32.add (i32.const 65540) (i32.mul (local.get $n) (i32.const 16))) (i32.const 5))
    (i32.store (i32.add (i32.const 65544) (i32.mul (local.get $n) (i32.const 16))) (i32.const 0))
    (i32.store (i32.add (i32.const 65548) (i32.mul (local.get $n) (i32.const 16))) (i32.const 2000000))
    (local.set $n (i32.add (local.get $n) (i32.const 1)))
    (br_if 0 (i32.lt_u (local.get $n) (i32.const 1000000))))
  (i32.const 1024))
