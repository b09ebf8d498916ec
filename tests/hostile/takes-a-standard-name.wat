;; Tries: to be taken for the standard policy `lineage`, whose name and version it gives itself.
;; Ends: pays 100001 0 0
;; Instead of: data, imports
(import "apportion:policy/epoch@0.1.0" "payee-count" (func $payee_count (result i32)))
(data (i32.const 100) "lineage") (data (i32.const 120) "0.1.0") (data (i32.const 140) "It tries to do harm.")
(data (i32.const 200) "{\"type\":\"object\"                                                                                }")
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (local $r i32) (local.set $r (call $weights (call $payee_count)))
  (memory.fill (i32.const 4096) (i32.const 0) (i32.mul (call $payee_count) (i32.const 8))) (i64.store (i32.const 4096) (i64.const 1)) (local.get $r))
