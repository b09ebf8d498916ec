;; Tries: to be called again while it is called, as far as a core module can: by its own function.
;; Ends: fault stack-overflow
(func $allocate (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
  (i32.add (i32.const 1) (call $allocate (local.get 0) (local.get 1))))
