;; Tries: to recurse without end by two functions that call each other through a table.
;; Ends: fault stack-overflow
(table $t funcref (elem $one $two))
(type $f (func (param i32) (result i32)))
(func $one (type $f) (i32.add (i32.const 1) (call_indirect $t (type $f) (local.get 0) (i32.const 1))))
(func $two (type $f) (i32.add (i32.const 2) (call_indirect $t (type $f) (local.get 0) (i32.const 0))))
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $one (i32.const 1)))
