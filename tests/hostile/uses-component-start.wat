;; Tries: to run something of its own choice when it is instantiated.
;; Ends: not admitted: not valid here
(component
  (core module $m (func (export "f") unreachable))
  (core instance $i (instantiate $m))
  (func $f (canon lift (core func $i "f")))
  (start $f))
