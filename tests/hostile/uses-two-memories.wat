;; Tries: a second memory.
;; Ends: not admitted: multi
(memory $second 1)
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
