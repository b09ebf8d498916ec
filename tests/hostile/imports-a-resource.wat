;; Tries: to be handed a handle of the host's.
;; Ends: not admitted: imports `tricks`, which no policy gets
;; Wit: import tricks: interface { resource thing { constructor(); } }
;; Instead of: imports
(import "tricks" "[constructor]thing" (func $new (result i32)))
(import "apportion:policy/epoch@0.1.0" "payee-count" (func $payee_count (result i32)))
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (drop (call $new))
  (call $weights (call $payee_count)))
