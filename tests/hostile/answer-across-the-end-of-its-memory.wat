;; Tries: to return an address whose answer would not end within its memory.
;; Ends: fault bad-output
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (i32.const 65528))
