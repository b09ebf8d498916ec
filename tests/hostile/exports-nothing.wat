;; Tries: to be admitted without being a policy.
;; Ends: not admitted: does not export `apportion:policy/rule`
(component)
