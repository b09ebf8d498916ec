;; Tries: a rule of a version that this engine does not know.
;; Ends: not admitted: built for version 0.2.0 of the contract; this engine runs 0.1.0
(component
  (instance $empty)
  (export "apportion:policy/rule@0.2.0" (instance $empty)))
