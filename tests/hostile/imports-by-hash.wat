;; Tries: to have the host look something up by its hash.
;; Ends: not admitted: root-level component imports are not supported
(component
  (import "integrity=<sha256-n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=>" (component)))
