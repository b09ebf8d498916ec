;; Tries: to grow its memory without end, a page at a time, and to write to each.
;; Ends: fault out-of-memory
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32) (local $page i32)
  (loop
    (local.set $page (memory.grow (i32.const 1)))
    (i32.store (i32.mul (local.get $page) (i32.const 65536)) (i32.const -1))
    (br 0))
  unreachable)
