;; Tries: to send a payload through arithmetic: some processors keep it, some do not, some keep the other operand's.
;; Ends: pays 33334 33334 33333
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32) (local $nan f64)
  (i64.store (i32.const 2000) (i64.const 0xfff4deadbeefcafe))
  (i64.store (i32.const 2008) (i64.const 0x7ff8000000000123))
  (local.set $nan (f64.add (f64.load (i32.const 2000)) (f64.load (i32.const 2008))))
  (if (i64.ne (i64.reinterpret_f64 (local.get $nan)) (i64.const 0x7ff8000000000000)) (then unreachable))
  (local.set $nan (f64.min (f64.load (i32.const 2008)) (f64.load (i32.const 2000))))
  (if (i64.ne (i64.reinterpret_f64 (local.get $nan)) (i64.const 0x7ff8000000000000)) (then unreachable))
  (local.set $nan (f64.sqrt (f64.load (i32.const 2000))))
  (if (i64.ne (i64.reinterpret_f64 (local.get $nan)) (i64.const 0x7ff8000000000000)) (then unreachable))
  (local.set $nan (f64.nearest (f64.load (i32.const 2000))))
  (if (i64.ne (i64.reinterpret_f64 (local.get $nan)) (i64.const 0x7ff8000000000000)) (then unreachable))
  (call $weights (call $payee_count)))
