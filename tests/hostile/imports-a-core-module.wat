;; Tries: to be handed a core module.
;; Ends: not admitted: an imported core module cannot be metered
(component
  (import "code" (core module (export "f" (func)))))
