;; Tries: to export something else under a name like the rule's.
;; Ends: not admitted: does not export `apportion:policy/rule`
(component
  (core module $m (func (export "f")))
  (core instance $i (instantiate $m))
  (func (export "rule") (canon lift (core func $i "f"))))
