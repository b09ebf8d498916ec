;; Shows: a refusal's sentence comes through whole, with a space for what cannot be seen, a byte-order mark among it.
(data (i32.const 2000) "\ef\bb\bf\d0\9f\d1\80\d0\be\d0\b2\d0\b5\d1\80\d0\ba\d0\b0 \f0\9f\90\9d \1b[2J \e2\80\ae \e6\9d\b1\e4\ba\ac")
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (call $refusal (i32.const 2000) (i32.const 42)))
