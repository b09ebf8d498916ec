//! Policies that behave badly, written as core modules by hand and made into components of the contract.

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// A hostile policy and the fault that it must end in.
pub struct Hostile {
    /// What it does.
    pub name: &'static str,
    /// The component.
    pub component: Vec<u8>,
    /// The fault's code as receipts spell it.
    pub code: &'static str,
}

/// Makes a component of the contract from the body of `allocate` in the text format and further parts of the module.
///
/// The body may use `$bump` (a global: the first free byte), the imports below, and memory from 4096 on. It returns
/// the address of a `result<allocation, refusal>`. `(call $weights (i32.const N))` makes one of N equal shares.
///
/// # Panics
///
/// If the text is not a module of the contract.
#[allow(clippy::expect_used, reason = "for tests: the text is theirs")]
pub fn policy(body: &str, parts: &str) -> Vec<u8> {
    component(&module(body, parts))
}

fn module(body: &str, parts: &str) -> String {
    let schema = r#"{\22type\22:\22object\22,\22properties\22:{\22cap\22:{\22type\22:\22number\22,\22maximum\22:1}},\22additionalProperties\22:false}"#;
    let schema_length = schema.len() - 2 * schema.matches("\\22").count();
    format!(
        r#"(module
  (import "apportion:policy/epoch@0.1.0" "payee-count" (func $payee_count (result i32)))
  (import "apportion:policy/graph@0.1.0" "node-weight" (func $node_weight (param i32 i32 i32)))
  (import "apportion:policy/graph@0.1.0" "node-ids" (func $node_ids (param i32 i32 i32)))
  (import "apportion:policy/history@0.1.0" "carry" (func $carry (param i32)))
  (import "apportion:policy/diagnostics@0.1.0" "log" (func $log (param i32 i32)))
  (memory (export "memory") 1)
  (global $bump (mut i32) (i32.const 8192))
  (data (i32.const 100) "hostile")
  (data (i32.const 120) "1.0.0")
  (data (i32.const 140) "It tries to do harm.")
  (data (i32.const 200) "{schema}")
  (data (i32.const 600) "score")
  (data (i32.const 620) "I am told to say this.")
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (global.set $bump (i32.and (i32.add (global.get $bump) (i32.const 7)) (i32.const -8)))
    (global.get $bump)
    (global.set $bump (i32.add (global.get $bump) (local.get 3)))
    (block (loop
      (br_if 1 (i32.le_u (global.get $bump) (i32.mul (memory.size) (i32.const 65536))))
      (drop (memory.grow (i32.const 1)))
      (br 0))))
  (func (export "apportion:policy/rule@0.1.0#describe") (result i32)
    (i32.store (i32.const 0) (i32.const 100)) (i32.store (i32.const 4) (i32.const 7))
    (i32.store (i32.const 8) (i32.const 120)) (i32.store (i32.const 12) (i32.const 5))
    (i32.store (i32.const 16) (i32.const 140)) (i32.store (i32.const 20) (i32.const 20))
    (i32.store (i32.const 24) (i32.const 200)) (i32.store (i32.const 28) (i32.const {schema_length}))
    (i32.store8 (i32.const 32) (i32.const 0))
    (i32.const 0))
  (func $weights (param $count i32) (result i32) (local $row i32)
    (memory.fill (i32.const 1024) (i32.const 0) (i32.const 64))
    (i32.store (i32.const 1040) (i32.const 4096))
    (i32.store (i32.const 1044) (local.get $count))
    (block (loop
      (br_if 1 (i32.ge_u (local.get $row) (local.get $count)))
      (i64.store (i32.add (i32.const 4096) (i32.mul (local.get $row) (i32.const 8))) (i64.const 1))
      (local.set $row (i32.add (local.get $row) (i32.const 1)))
      (br 0)))
    (i32.const 1024))
  (func $one_measure (param $values i32) (param $count i32)
    (i32.store (i32.const 1056) (i32.const 1200)) (i32.store (i32.const 1060) (i32.const 1))
    (i32.store (i32.const 1200) (i32.const 600)) (i32.store (i32.const 1204) (i32.const 5))
    (i32.store (i32.const 1208) (local.get $values)) (i32.store (i32.const 1212) (local.get $count)))
  {parts}
  (func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
    {body}))"#
    )
}

/// Makes a component of the contract.
#[allow(clippy::expect_used, reason = "for tests: the text is theirs")]
fn component(module: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let contract = include_str!("../../wit/0.1.0/policy.wit");
    let package = resolve.push_str("policy.wit", contract).expect("the contract is valid WIT");
    let world = resolve.select_world(&[package], Some("policy")).expect("the world is there");
    let mut core = wat::parse_str(module).expect("the module is valid text");
    embed_component_metadata(&mut core, &resolve, world, StringEncoding::UTF8)
        .expect("metadata can be embedded");
    let mut encoder = ComponentEncoder::default();
    let encoder = encoder.module(&core).expect("the module is of the contract");
    encoder.validate(true).encode().expect("the module makes a component")
}

/// A component that wants more than its epoch: the network.
///
/// # Panics
///
/// Never: the text is fixed.
#[allow(clippy::expect_used, reason = "fixed text")]
pub fn with_foreign_import() -> Vec<u8> {
    let text = r#"(component (import "wasi:sockets/network@0.2.0" (instance)))"#;
    wat::parse_str(text).expect("the text is valid")
}

/// A component that wants an interface which the contract does not have.
///
/// # Panics
///
/// Never: the text is fixed.
#[allow(clippy::expect_used, reason = "fixed text")]
pub fn with_unknown_interface() -> Vec<u8> {
    let text = r#"(component (import "apportion:policy/secrets@0.1.0" (instance (export "all" (func (result u64))))))"#;
    wat::parse_str(text).expect("the text is valid")
}

/// A policy that divides equally if a NaN that it computes has the canonical bits, and stops itself if not.
pub fn looks_at_nan() -> Vec<u8> {
    policy(
        // 0 / 0 of numbers from memory, so that no compiler can know them: x86 gives a NaN with the sign set.
        "(if (i64.ne
               (i64.reinterpret_f64 (f64.div (f64.load (i32.const 2000)) (f64.load (i32.const 2008))))
               (i64.const 0x7ff8000000000000))
           (then unreachable))
         (call $weights (call $payee_count))",
        "",
    )
}

/// A component of a version of the contract that does not exist.
///
/// # Panics
///
/// Never: the text is fixed.
#[allow(clippy::expect_used, reason = "fixed text")]
pub fn of_later_contract() -> Vec<u8> {
    let text = r#"(component (import "apportion:policy/epoch@7.0.0" (instance (export "number" (func (result u64))))))"#;
    wat::parse_str(text).expect("the text is valid")
}

/// A component that is no policy.
///
/// # Panics
///
/// Never: the text is fixed.
#[allow(clippy::expect_used, reason = "fixed text")]
pub fn without_rule() -> Vec<u8> {
    wat::parse_str("(component)").expect("the text is valid")
}

/// A core module, which most compilers make first.
///
/// # Panics
///
/// Never: the text is fixed.
#[allow(clippy::expect_used, reason = "fixed text")]
pub fn core_module() -> Vec<u8> {
    wat::parse_str(module("(call $weights (call $payee_count))", "")).expect("the text is valid")
}

/// A policy that does nothing bad, to show that the others fail by what they do.
pub fn harmless() -> Vec<u8> {
    policy("(call $weights (call $payee_count))", "")
}

/// A policy with a state: the first payee's share is one more at each epoch, which the carry's length counts.
///
/// # Panics
///
/// Never: the text is fixed.
pub fn stateful() -> Vec<u8> {
    let body = "(local $past i32)
        (call $carry (i32.const 1300))
        (local.set $past (i32.load (i32.const 1304)))
        (drop (call $weights (call $payee_count)))
        (i64.store (i32.const 4096) (i64.extend_i32_u (i32.add (local.get $past) (i32.const 1))))
        (i32.store (i32.const 1064) (i32.const 600))
        (i32.store (i32.const 1068) (i32.add (local.get $past) (i32.const 1)))
        (i32.const 1024)";
    let stateless = module(body, "");
    component(
        &stateless.replace(
            "(i32.store8 (i32.const 32) (i32.const 0))",
            "(i32.store8 (i32.const 32) (i32.const 1))",
        ),
    )
}

/// One policy for each way to fail.
pub fn all() -> Vec<Hostile> {
    let cases: [(&str, &str, &str, &str); 23] = [
        ("traps", "unreachable", "", "unreachable"),
        ("loops without end", "(loop (br 0)) unreachable", "", "out-of-instructions"),
        (
            "grows memory without end",
            "(loop (drop (memory.grow (i32.const 1024))) (br 0)) unreachable",
            "",
            "out-of-memory",
        ),
        (
            "grows a table without end",
            "(loop (drop (table.grow $t (ref.null func) (i32.const 100000))) (br 0)) unreachable",
            "(table $t 1 funcref)",
            "out-of-table",
        ),
        (
            "recurses without end",
            "(call $deep (i32.const 1))",
            "(func $deep (param i32) (result i32) (i32.add (local.get 0) (call $deep (i32.add (local.get 0) (i32.const 1)))))",
            "stack-overflow",
        ),
        ("divides by zero", "(i32.div_u (i32.const 1) (i32.const 0))", "", "arithmetic"),
        ("makes an integer of NaN", "(i32.trunc_f64_s (f64.const nan))", "", "arithmetic"),
        ("reads memory it does not have", "(i32.load (i32.const 0x7ffffff0))", "", "memory-access"),
        (
            "calls through an empty table",
            "(call_indirect $t (result i32) (i32.const 0))",
            "(table $t 1 funcref)",
            "indirect-call",
        ),
        ("returns too few shares", "(call $weights (i32.const 1))", "", "bad-division"),
        ("returns too many shares", "(call $weights (i32.const 400))", "", "bad-division"),
        (
            "fixes amounts above the pool",
            // by-amount: the largest amount there is, for each of three payees
            "(memory.fill (i32.const 1024) (i32.const 0) (i32.const 64))
             (i32.store8 (i32.const 1032) (i32.const 1))
             (i32.store (i32.const 1040) (i32.const 4096)) (i32.store (i32.const 1044) (call $payee_count))
             (memory.fill (i32.const 4096) (i32.const 255) (i32.const 160))
             (i32.const 1024)",
            "",
            "bad-division",
        ),
        (
            "measures NaN",
            "(drop (call $weights (call $payee_count))) (call $one_measure (i32.const 5000) (call $payee_count))
             (f64.store (i32.const 5000) (f64.const nan)) (i32.const 1024)",
            "",
            "bad-measures",
        ),
        (
            "measures too few payees",
            "(drop (call $weights (call $payee_count))) (call $one_measure (i32.const 5000) (i32.const 1)) (i32.const 1024)",
            "",
            "bad-measures",
        ),
        (
            "hands over what it said it does not",
            "(drop (call $weights (call $payee_count)))
             (i32.store (i32.const 1064) (i32.const 600)) (i32.store (i32.const 1068) (i32.const 5)) (i32.const 1024)",
            "",
            "bad-carry",
        ),
        ("reads history that it said it does not", "(call $carry (i32.const 1300)) (call $weights (i32.const 1))", "", "bad-call"),
        (
            "asks for rows that are not there",
            "(call $node_weight (i32.const 2) (i32.const -1) (i32.const 1300)) (call $weights (i32.const 1))",
            "",
            "bad-call",
        ),
        (
            "reads the same ids for ever",
            "(loop (global.set $bump (i32.const 8192)) (call $node_ids (i32.const 0) (i32.const 4) (i32.const 1300)) (br 0)) unreachable",
            "",
            "out-of-transfer",
        ),
        ("returns an address outside its memory", "(i32.const 0x7ffffff0)", "", "bad-output"),
        (
            "returns a list that is larger than its memory",
            "(drop (call $weights (i32.const 1))) (i32.store (i32.const 1044) (i32.const 0x1fffffff)) (i32.const 1024)",
            "",
            "bad-output",
        ),
        (
            "returns more measures than memory could hold if each were copied",
            // a million measures, every one of them the whole of its memory
            "(local $n i32)
             (drop (memory.grow (i32.const 320))) (drop (call $weights (call $payee_count)))
             (i32.store (i32.const 1056) (i32.const 65536)) (i32.store (i32.const 1060) (i32.const 1000000))
             (loop
               (i32.store (i32.add (i32.const 65536) (i32.mul (local.get $n) (i32.const 16))) (i32.const 600))
               (i32.store (i32.add (i32.const 65540) (i32.mul (local.get $n) (i32.const 16))) (i32.const 5))
               (i32.store (i32.add (i32.const 65544) (i32.mul (local.get $n) (i32.const 16))) (i32.const 0))
               (i32.store (i32.add (i32.const 65548) (i32.mul (local.get $n) (i32.const 16))) (i32.const 2000000))
               (local.set $n (i32.add (local.get $n) (i32.const 1)))
               (br_if 0 (i32.lt_u (local.get $n) (i32.const 1000000))))
             (i32.const 1024)",
            "",
            "bad-output",
        ),
        (
            "returns more than its output limit",
            // three million shares: within its memory, above 16 MiB
            "(drop (memory.grow (i32.const 400))) (drop (call $weights (i32.const 1)))
             (i32.store (i32.const 1044) (i32.const 3000000)) (i32.const 1024)",
            "",
            "bad-output",
        ),
        (
            "refuses",
            "(memory.fill (i32.const 1024) (i32.const 0) (i32.const 64))
             (i32.store8 (i32.const 1024) (i32.const 1)) (i32.store8 (i32.const 1032) (i32.const 1))
             (i32.store (i32.const 1036) (i32.const 620)) (i32.store (i32.const 1040) (i32.const 22))
             (call $log (i32.const 620) (i32.const 22))
             (i32.const 1024)",
            "",
            "no-answer",
        ),
    ];
    let made = cases.into_iter();
    made.map(|(name, body, parts, code)| Hostile { name, component: policy(body, parts), code }).collect()
}
