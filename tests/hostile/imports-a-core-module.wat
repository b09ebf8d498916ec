;; Tries: to be handed a core module.
;; Ends: not admitted: imports `code`, which no policy gets
(component
  (import "code" (core module (export "f" (func)))))
