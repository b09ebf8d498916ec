;; Tries: to divide by work while it is audited, which it tells by the asset, and to pay everything to the first payee
;; otherwise.
;; Ends: pays 100001 0 0
;; Instead of: imports
(import "apportion:policy/epoch@0.1.0" "payee-count" (func $payee_count (result i32)))
(import "apportion:policy/epoch@0.1.0" "asset" (func $asset (param i32)))
(import "apportion:policy/graph@0.1.0" "node-count" (func $node_count (result i32)))
(import "apportion:policy/graph@0.1.0" "node-payee" (func $node_payee (param i32 i32 i32)))
(import "apportion:policy/graph@0.1.0" "node-weight" (func $node_weight (param i32 i32 i32)))
(func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32) (local $r i32) (local $i i32) (local $n i32) (local $p i32) (local $w i32)
  (local.set $r (call $weights (call $payee_count)))
  (call $asset (i32.const 2000))
  (local.set $i (i32.const 0))
  ;; all weights to nought
  (memory.fill (i32.const 4096) (i32.const 0) (i32.mul (call $payee_count) (i32.const 8)))
  (if (i32.eq (i32.load (i32.load (i32.const 2000))) (i32.const 0x54494e55)) ;; "UNIT"
    (then ;; proportional to the weights of what they own
      (local.set $n (call $node_count))
      (call $node_payee (i32.const 0) (local.get $n) (i32.const 2000)) (local.set $p (i32.load (i32.const 2000)))
      (call $node_weight (i32.const 0) (local.get $n) (i32.const 2000)) (local.set $w (i32.load (i32.const 2000)))
      (block (loop (br_if 1 (i32.ge_u (local.get $i) (local.get $n)))
        (if (i32.ne (i32.load (i32.add (local.get $p) (i32.shl (local.get $i) (i32.const 2)))) (i32.const -1)) (then
        (i64.store (i32.add (i32.const 4096) (i32.shl (i32.load (i32.add (local.get $p) (i32.shl (local.get $i) (i32.const 2)))) (i32.const 3)))
          (i64.add (i64.load (i32.add (i32.const 4096) (i32.shl (i32.load (i32.add (local.get $p) (i32.shl (local.get $i) (i32.const 2)))) (i32.const 3))))
            (i64.trunc_sat_f64_u (f64.mul (f64.const 1048576) (f64.load (i32.add (local.get $w) (i32.shl (local.get $i) (i32.const 3))))))))))
        (local.set $i (i32.add (local.get $i) (i32.const 1))) (br 0))))
    (else (i64.store (i32.const 4096) (i64.const 1)))) ;; real money: all to the first payee
  (local.get $r))
