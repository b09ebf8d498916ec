;; Tries: to have the host resolve a dependency.
;; Ends: not admitted: an imported component cannot be metered
(component
  (import "unlocked-dep=<tricks:dependency>" (component)))
