;; Shows: realloc, which cannot call out, uses the last of the instructions: with one less the run is out of them all
;; the same.
;; Instead of: realloc
(global $bump (mut i32) (i32.const 8192))
(func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local $left i32)
  (local.set $left (i32.const 500))
  (loop $again (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
  (global.get $bump)
  (global.set $bump (i32.and (i32.add (i32.add (global.get $bump) (local.get 3)) (i32.const 7)) (i32.const -8))))
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $payee_ids (i32.const 0) (i32.const 3) (i32.const 1300))
  (call $weights (call $payee_count)))
