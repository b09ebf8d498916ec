;; Tries: nothing: its first payee's share is one more at each epoch, which the length of its carry counts.
;; Ends: pays 33334 33334 33333
;; Instead of: describe
(func (export "apportion:policy/rule@0.1.0#describe") (result i32)
  (drop (call $described))
  (i32.store8 (i32.const 32) (i32.const 1))
  (i32.const 0))
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32) (local $past i32)
  (call $carry (i32.const 1300))
  (local.set $past (i32.load (i32.const 1304)))
  (drop (call $weights (call $payee_count)))
  (i64.store (i32.const 4096) (i64.extend_i32_u (i32.add (local.get $past) (i32.const 1))))
  (i32.store (i32.const 1064) (i32.const 600))
  (i32.store (i32.const 1068) (i32.add (local.get $past) (i32.const 1)))
  (i32.const 1024))
