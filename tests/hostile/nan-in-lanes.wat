;; Tries: to see the NaN of a division of two lanes at once.
;; Ends: pays 33334 33334 33333
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32) (local $lanes v128)
  (local.set $lanes (f64x2.div (v128.load (i32.const 2000)) (v128.load (i32.const 2016))))
  (if (i64.ne (i64x2.extract_lane 0 (local.get $lanes)) (i64.const 0x7ff8000000000000)) (then unreachable))
  (if (i64.ne (i64x2.extract_lane 1 (local.get $lanes)) (i64.const 0x7ff8000000000000)) (then unreachable))
  (local.set $lanes (f32x4.sqrt (v128.const f32x4 -1 -1 -1 -1)))
  (if (i32.ne (i32x4.extract_lane 3 (local.get $lanes)) (i32.const 0x7fc00000)) (then unreachable))
  (call $weights (call $payee_count)))
