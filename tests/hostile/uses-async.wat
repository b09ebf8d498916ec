;; Tries: to be called without waiting.
;; Ends: not admitted: async
(component
  (type (func async (result u32))))
