;; Shows: every way out of memory's or a table's bounds, by its fault.
;; Parameters: {"case":0}
;; Parameters: {"case":1}
;; Parameters: {"case":2}
;; Parameters: {"case":3}
;; Parameters: {"case":4}
;; Parameters: {"case":5}
;; Parameters: {"case":6}
;; Parameters: {"case":7}
;; Parameters: {"case":8}
;; Parameters: {"case":9}
;; Instead of: describe
(data (i32.const 700) "{\"type\":\"object\"}")
(func (export "apportion:policy/rule@0.1.0#describe") (result i32)
  (drop (call $described))
  (i32.store (i32.const 24) (i32.const 700)) (i32.store (i32.const 28) (i32.const 17))
  (i32.const 0))
(type $none (func))
(type $other (func (param i64)))
(table $table 4 funcref)
(elem (table $table) (i32.const 0) func $nothing)
(elem $elements func $nothing)
(data $bytes "0123")
(func $nothing)
(func (export "apportion:policy/rule@0.1.0#allocate") (param $at i32) (param i32) (result i32)
  (block $9 (block $8 (block $7 (block $6 (block $5 (block $4 (block $3 (block $2 (block $1 (block $0
    (br_table $0 $1 $2 $3 $4 $5 $6 $7 $8 $9 (i32.sub (i32.load8_u offset=8 (local.get $at)) (i32.const 48))))
    (return (i32.load (i32.const 65533))))
    (i64.store offset=0xffffffff (i32.const 0xffffffff) (i64.const 1)))
    (memory.fill (i32.const 65530) (i32.const 0) (i32.const 7)))
    (memory.copy (i32.const 0) (i32.const 65535) (i32.const 2)))
    (memory.init $bytes (i32.const 0) (i32.const 2) (i32.const 3)))
    (call_indirect $table (type $none) (i32.const 4)))
    (call_indirect $table (type $none) (i32.const 1)))
    (call_indirect $table (type $other) (i64.const 1) (i32.const 0)))
    (table.set $table (i32.const 4) (ref.null func)))
    (table.init $table $elements (i32.const 4) (i32.const 0) (i32.const 1))
  (call $weights (call $payee_count)))
