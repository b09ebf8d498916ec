;; Shows: a start function that takes more than the limit ends the run before it begins.
;; Limits: {"instructions":500}
(global $sum (mut i64) (i64.const 0))
(func $start (local $left i32)
  (local.set $left (i32.const 1000))
  (loop $again
    (global.set $sum (i64.add (global.get $sum) (i64.extend_i32_u (local.get $left))))
    (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))
(start $start)
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (drop (call $weights (call $payee_count)))
  (i64.store (i32.const 4096) (global.get $sum))
  (i32.const 1024))
