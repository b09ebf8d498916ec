;; Tries: to have the host fetch something from the net.
;; Ends: not admitted: root-level component imports are not supported
(component
  (import "url=<https://example.org/x.wasm>" (component)))
