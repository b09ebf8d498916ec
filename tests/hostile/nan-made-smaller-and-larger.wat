;; Tries: to send a payload through a change of width.
;; Ends: pays 33334 33334 33333
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (i64.store (i32.const 2000) (i64.const 0xfff4deadbeefcafe))
  (if (i32.ne (i32.reinterpret_f32 (f32.demote_f64 (f64.load (i32.const 2000)))) (i32.const 0x7fc00000))
    (then unreachable))
  (i32.store (i32.const 2000) (i32.const 0xffa12345))
  (if (i64.ne (i64.reinterpret_f64 (f64.promote_f32 (f32.load (i32.const 2000)))) (i64.const 0x7ff8000000000000))
    (then unreachable))
  (call $weights (call $payee_count)))
