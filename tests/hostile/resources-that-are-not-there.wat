;; Tries: to use a handle that it was never given.
;; Ends: not admitted: a resource that the component defines cannot be metered
;; Wit: export tricks: interface { resource thing { constructor(); } }
;; Instead of: imports
(import "[export]tricks" "[resource-new]thing" (func $new (param i32) (result i32)))
(import "[export]tricks" "[resource-rep]thing" (func $rep (param i32) (result i32)))
(import "apportion:policy/epoch@0.1.0" "payee-count" (func $payee_count (result i32)))
(func (export "tricks#[constructor]thing") (result i32) (call $new (i32.const 1)))
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (drop (call $rep (i32.const 12345)))
  (call $weights (call $payee_count)))
