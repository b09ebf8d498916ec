;; Tries: the same for a dictionary.
;; Ends: fault out-of-transfer
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (drop (memory.grow (i32.const 250)))
  (memory.fill (i32.const 65536) (i32.const 97) (i32.const 15000000))
  (loop
    (call $node_dictionary (i32.const 65536) (i32.const 15000000) (i32.const 1300))
    (br 0))
  unreachable)
