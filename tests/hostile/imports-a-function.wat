;; Tries: to import a bare function.
;; Ends: not admitted: imports `now`, which no policy gets
(component
  (import "now" (func (result u64))))
