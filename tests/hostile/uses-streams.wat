;; Tries: a stream, which has no length.
;; Ends: not admitted: async
(component
  (type (stream u8)))
