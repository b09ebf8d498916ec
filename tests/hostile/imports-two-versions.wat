;; Tries: to mix versions: an import of one and the rule of another.
;; Ends: not admitted: built for version 0.1.1 of the contract; this engine runs 0.1.0
(component
  (import "apportion:policy/epoch@0.1.1" (instance (export "number" (func (result u64)))))
  (instance $empty)
  (export "apportion:policy/rule@0.1.0" (instance $empty)))
