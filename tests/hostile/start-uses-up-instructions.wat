;; Tries: to use up a run's instructions as soon as it is there: describing itself may cost ten times as many.
;; Ends: fault out-of-instructions
(func $start (local $n i32)
  (loop
    (local.set $n (i32.add (local.get $n) (i32.const 1)))
    (br_if 0 (i32.lt_u (local.get $n) (i32.const 60000000)))))
(start $start)
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
