;; Tries: to import a function that an interface of the contract does not have.
;; Ends: not admitted: not valid here
(component
  (import "apportion:policy/epoch@0.1.0" (instance (export "everything" (func (result string)))))
  (instance $empty)
  (export "apportion:policy/rule@0.1.0" (instance $empty)))
