  ;; What every hostile policy has unless its header says "Instead of: SECTION": the rest of a well-behaved policy.
  ;; == imports
  (import "apportion:policy/epoch@0.1.0" "payee-count" (func $payee_count (result i32)))
  (import "apportion:policy/epoch@0.1.0" "payee-ids" (func $payee_ids (param i32 i32 i32)))
  (import "apportion:policy/epoch@0.1.0" "seed" (func $seed (result i64)))
  (import "apportion:policy/graph@0.1.0" "node-weight" (func $node_weight (param i32 i32 i32)))
  (import "apportion:policy/graph@0.1.0" "node-ids" (func $node_ids (param i32 i32 i32)))
  (import "apportion:policy/graph@0.1.0" "node-metric" (func $node_metric (param i32 i32 i32 i32 i32)))
  (import "apportion:policy/graph@0.1.0" "node-dictionary" (func $node_dictionary (param i32 i32 i32)))
  (import "apportion:policy/history@0.1.0" "carry" (func $carry (param i32)))
  (import "apportion:policy/history@0.1.0" "paid" (func $paid (param i32 i32 i32)))
  (import "apportion:policy/diagnostics@0.1.0" "log" (func $log (param i32 i32)))
  ;; == memory
  (memory (export "memory") 1)
  ;; == data
  (data (i32.const 100) "hostile")
  (data (i32.const 120) "1.0.0")
  (data (i32.const 140) "It tries to do harm.")
  (data (i32.const 200) "{\"type\":\"object\",\"properties\":{\"cap\":{\"type\":\"number\",\"maximum\":1}},\"additionalProperties\":false}")
  (data (i32.const 600) "score")
  (data (i32.const 620) "I am told to say this.")
  ;; == realloc
  ;; $bump is the first free byte.
  (global $bump (mut i32) (i32.const 8192))
  (func $realloc (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (local $place i32)
    (local.set $place (i32.and (i32.add (global.get $bump) (i32.const 7)) (i32.const -8)))
    (global.set $bump (i32.add (local.get $place) (local.get 3)))
    (block (loop
      (br_if 1 (i32.le_u (global.get $bump) (i32.mul (memory.size) (i32.const 65536))))
      (drop (memory.grow (i32.const 1)))
      (br 0)))
    (local.get $place))
  ;; == helpers
  ;; A good description: name at 0, version at 8, summary at 16, schema at 24 (address, then length), stateful at 32.
  (func $described (result i32)
    (i32.store (i32.const 0) (i32.const 100)) (i32.store (i32.const 4) (i32.const 7))
    (i32.store (i32.const 8) (i32.const 120)) (i32.store (i32.const 12) (i32.const 5))
    (i32.store (i32.const 16) (i32.const 140)) (i32.store (i32.const 20) (i32.const 20))
    (i32.store (i32.const 24) (i32.const 200)) (i32.store (i32.const 28) (i32.const 97))
    (i32.store8 (i32.const 32) (i32.const 0))
    (i32.const 0))
  ;; A good allocation at 1024, of so many equal shares from 4096 on. Division at 1032, shares at 1040, measures at
  ;; 1056, carry at 1064.
  (func $weights (param $count i32) (result i32) (local $row i32)
    (memory.fill (i32.const 1024) (i32.const 0) (i32.const 64))
    (i32.store (i32.const 1040) (i32.const 4096))
    (i32.store (i32.const 1044) (local.get $count))
    (block (loop
      (br_if 1 (i32.ge_u (local.get $row) (local.get $count)))
      (i64.store (i32.add (i32.const 4096) (i32.mul (local.get $row) (i32.const 8))) (i64.const 1))
      (local.set $row (i32.add (local.get $row) (i32.const 1)))
      (br 0)))
    (i32.const 1024))
  ;; Puts one measure `score` into the allocation at 1024.
  (func $one_measure (param $values i32) (param $count i32)
    (i32.store (i32.const 1056) (i32.const 1200)) (i32.store (i32.const 1060) (i32.const 1))
    (i32.store (i32.const 1200) (i32.const 600)) (i32.store (i32.const 1204) (i32.const 5))
    (i32.store (i32.const 1208) (local.get $values)) (i32.store (i32.const 1212) (local.get $count)))
  ;; A refusal at 1024 with a sentence.
  (func $refusal (param $sentence i32) (param $length i32) (result i32)
    (memory.fill (i32.const 1024) (i32.const 0) (i32.const 64))
    (i32.store8 (i32.const 1024) (i32.const 1)) (i32.store8 (i32.const 1032) (i32.const 1))
    (i32.store (i32.const 1036) (local.get $sentence)) (i32.store (i32.const 1040) (local.get $length))
    (i32.const 1024))
  ;; == describe
  (func (export "apportion:policy/rule@0.1.0#describe") (result i32) (call $described))
