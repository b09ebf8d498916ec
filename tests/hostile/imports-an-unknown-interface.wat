;; Tries: an interface that the contract does not have.
;; Ends: not admitted: imports `apportion:policy/secrets@0.1.0`, which no policy gets
(component
  (import "apportion:policy/secrets@0.1.0" (instance (export "all" (func (result u64))))))
