;; Tries: to have the host copy the same ids again and again.
;; Ends: fault out-of-transfer
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (loop
    (global.set $bump (i32.const 8192))
    (call $node_ids (i32.const 0) (i32.const 4) (i32.const 1300))
    (br 0))
  unreachable)
