;; Tries: to have the host read a name of 15 MiB again and again, for a column that is not there.
;; Ends: fault out-of-transfer
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (drop (memory.grow (i32.const 250)))
  (memory.fill (i32.const 65536) (i32.const 97) (i32.const 15000000))
  (loop
    (call $node_metric (i32.const 65536) (i32.const 15000000) (i32.const 0) (i32.const 0) (i32.const 1300))
    (br 0))
  unreachable)
