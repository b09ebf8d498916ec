;; Tries: to fill the log with lines of 60 KiB, the last of which are left out.
;; Ends: pays 33334 33334 33333
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32) (local $n i32)
  (memory.fill (i32.const 4096) (i32.const 97) (i32.const 61440))
  (loop
    (call $log (i32.const 4096) (i32.const 61440))
    (local.set $n (i32.add (local.get $n) (i32.const 1)))
    (br_if 0 (i32.lt_u (local.get $n) (i32.const 100))))
  (call $weights (call $payee_count)))
