;; Tries: a version of the contract that is not there yet.
;; Ends: not admitted: built for version 7.0.0 of the contract; this engine runs 0.1.0
(component
  (import "apportion:policy/epoch@7.0.0" (instance (export "number" (func (result u64))))))
