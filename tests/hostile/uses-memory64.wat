;; Tries: memory without the bound of 32 bits.
;; Ends: not admitted: memory64
(component
  (core module (memory i64 1)))
