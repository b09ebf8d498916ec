;; Tries: to export a rule that has no functions.
;; Ends: not admitted: not valid here
(component
  (instance $empty)
  (export "apportion:policy/rule@0.1.0" (instance $empty)))
