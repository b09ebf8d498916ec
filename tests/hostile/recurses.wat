;; Tries: to recurse without end.
;; Ends: fault stack-overflow
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $deep (i32.const 1)))
(func $deep (param i32) (result i32)
  (i32.add (local.get 0) (call $deep (i32.add (local.get 0) (i32.const 1)))))
