;; Tries: to return an address outside its memory.
;; Ends: fault bad-output
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (i32.const 0x7ffffff0))
