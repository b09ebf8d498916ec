;; Shows: past the maximum that its author declared, memory.grow answers -1 and the run goes on; so does table.grow.
;; Instead of: memory
(memory (export "memory") 1 3)
(table $table 1 2 funcref)
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (if (i32.ne (memory.grow (i32.const 3)) (i32.const -1)) (then unreachable))
  (if (i32.ne (memory.grow (i32.const 2)) (i32.const 1)) (then unreachable))
  (if (i32.ne (memory.grow (i32.const -1)) (i32.const -1)) (then unreachable))
  (if (i32.ne (table.grow $table (ref.null func) (i32.const 2)) (i32.const -1)) (then unreachable))
  (if (i32.ne (table.grow $table (ref.null func) (i32.const 1)) (i32.const 1)) (then unreachable))
  (call $weights (call $payee_count)))
