;; Tries: to bring a meter of its own, which counts what it likes.
;; Ends: not admitted: hardened already
(component
  (import "apportion:metering/host@1.0.0" (instance
    (export "limit" (func (param "of" u32) (result u64)))
    (export "exhausted" (func (param "of" u32))))))
