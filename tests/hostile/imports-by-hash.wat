;; Tries: to have the host look something up by its hash.
;; Ends: not admitted: an imported component cannot be metered
(component
  (import "integrity=<sha256-n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=>" (component)))
