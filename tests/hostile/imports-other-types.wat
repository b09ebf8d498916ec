;; Tries: to import a function of the contract with another type.
;; Ends: not admitted: not valid here
(component
  (import "apportion:policy/epoch@0.1.0" (instance (export "number" (func (result string)))))
  (instance $empty)
  (export "apportion:policy/rule@0.1.0" (instance $empty)))
