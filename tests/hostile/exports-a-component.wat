;; Tries: to export a component where an instance should be.
;; Ends: not admitted: not valid here
(component
  (component $inner)
  (export "apportion:policy/rule@0.1.0" (component $inner)))
