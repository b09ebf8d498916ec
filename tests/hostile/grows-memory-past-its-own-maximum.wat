;; Tries: to grow past the maximum that it declares: it is told -1, as the specification says, and goes on.
;; Ends: pays 33334 33334 33333
;; Instead of: memory
(memory (export "memory") 1 2)
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (if (i32.ne (memory.grow (i32.const 2)) (i32.const -1)) (then unreachable))
  (call $weights (call $payee_count)))
