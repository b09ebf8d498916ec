;; Tries: to read memory that it does not have.
;; Ends: fault memory-access
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (i32.load (i32.const 0x7ffffff0)))
