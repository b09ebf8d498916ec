;; Tries: a memory that cannot be.
;; Ends: not admitted: size minimum must not be greater than maximum
(component
  (core module (memory 3 2)))
