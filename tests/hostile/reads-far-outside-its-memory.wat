;; Tries: to read as far from its memory as an instruction can say: address and offset together need 33 bits.
;; Ends: fault memory-access
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (i32.load offset=0xffffffff (i32.const 0xffffffff)))
