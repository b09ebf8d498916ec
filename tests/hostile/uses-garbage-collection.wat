;; Tries: to have the host collect its garbage.
;; Ends: not admitted: the GC proposal is disabled
(type $node (struct (field (ref null 0))))
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
