;; Shows: what is done after the answer was read counts, and can be what is too much.
(func (export "cabi_post_apportion:policy/rule@0.1.0#allocate") (param i32) (local $left i32)
  (local.set $left (i32.const 700))
  (loop $again (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
