;; Tries: to keep a payload by moving it without arithmetic, which the specification promises on every processor.
;; Ends: pays 33334 33334 33333
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (i64.store (i32.const 2000) (i64.const 0xfff4deadbeefcafe))
  (f64.store (i32.const 2008) (f64.neg (f64.load (i32.const 2000))))
  (if (i64.ne (i64.load (i32.const 2008)) (i64.const 0x7ff4deadbeefcafe)) (then unreachable))
  (call $weights (call $payee_count)))
