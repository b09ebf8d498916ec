;; Tries: to have the host resolve a dependency.
;; Ends: not admitted: root-level component imports are not supported
(component
  (import "unlocked-dep=<tricks:dependency>" (component)))
