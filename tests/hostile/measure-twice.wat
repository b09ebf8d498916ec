;; Tries: two measures of one name.
;; Ends: fault bad-measures
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (drop (call $weights (call $payee_count)))
  (call $one_measure (i32.const 5000) (call $payee_count))
  (memory.copy (i32.const 1216) (i32.const 1200) (i32.const 16))
  (i32.store (i32.const 1060) (i32.const 2))
  (i32.const 1024))
