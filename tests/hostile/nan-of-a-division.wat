;; Tries: to see which processor it runs on: x86 gives 0 / 0 a sign, others do not.
;; Ends: pays 33334 33334 33333
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  ;; The zeros come from memory, so that no compiler can know them.
  (if (i64.ne
        (i64.reinterpret_f64 (f64.div (f64.load (i32.const 2000)) (f64.load (i32.const 2008))))
        (i64.const 0x7ff8000000000000))
    (then unreachable))
  (call $weights (call $payee_count)))
