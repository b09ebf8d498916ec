;; Tries: to be handed a rule, its own or another's.
;; Ends: not admitted: imports `apportion:policy/rule@0.1.0`, which no policy gets
(component
  (import "apportion:policy/rule@0.1.0" (instance)))
