;; Tries: to fill the log.
;; Ends: fault out-of-transfer
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (loop (call $log (i32.const 620) (i32.const 22)) (br 0)) unreachable)
