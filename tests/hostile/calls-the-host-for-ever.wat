;; Tries: to ask the host for a number again and again.
;; Ends: fault out-of-transfer
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (loop (drop (call $seed)) (br 0)) unreachable)
