;; Tries: to leave the version out.
;; Ends: not admitted: imports `apportion:policy/epoch`, which no policy gets
(component
  (import "apportion:policy/epoch" (instance (export "number" (func (result u64))))))
