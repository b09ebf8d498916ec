;; Tries: to export an interface that nobody asked for: nobody calls it.
;; Ends: pays 33334 33334 33333
;; Wit: export tricks: interface { harm: func(); }
(func (export "tricks#harm") unreachable)
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $weights (call $payee_count)))
