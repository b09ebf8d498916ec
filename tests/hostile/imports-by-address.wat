;; Tries: to have the host fetch something from the net.
;; Ends: not admitted: an imported component cannot be metered
(component
  (import "url=<https://example.org/x.wasm>" (component)))
