//! Cases that are too large, too many or too broken to write down.

use super::case::{Case, End};
use super::component::{core_module, policy};
use super::files::harmless;

/// Where a made description's schema lies.
const SCHEMA_ADDRESS: usize = 65536;
const PAGE: usize = 65536;
const PREAMBLE: &[u8] = b"\0asm\x0d\0\x01\0";

/// Every interface of WASI 0.2 that is not granted (`tests/system/wasi.rs` has the others), of WASI 0.3's new ones, and
/// of proposals that hosts offer beside them.
const WASI: [&str; 26] = [
    "wasi:cli/run@0.2.0",
    "wasi:clocks/timezone@0.2.1",
    "wasi:http/incoming-handler@0.2.0",
    "wasi:http/outgoing-handler@0.2.0",
    "wasi:http/types@0.2.0",
    "wasi:sockets/instance-network@0.2.0",
    "wasi:sockets/ip-name-lookup@0.2.0",
    "wasi:sockets/network@0.2.0",
    "wasi:sockets/tcp@0.2.0",
    "wasi:sockets/tcp-create-socket@0.2.0",
    "wasi:sockets/udp@0.2.0",
    "wasi:sockets/udp-create-socket@0.2.0",
    "wasi:clocks/system-clock@0.3.0",
    "wasi:http/client@0.3.0",
    "wasi:http/handler@0.3.0",
    "wasi:sockets/types@0.3.0",
    "wasi:blobstore/blobstore@0.2.0-draft",
    "wasi:config/store@0.2.0-draft",
    "wasi:keyvalue/atomics@0.2.0-draft2",
    "wasi:keyvalue/store@0.2.0-draft2",
    "wasi:logging/logging@0.1.0-draft",
    "wasi:messaging/consumer@0.2.0-draft",
    "wasi:nn/inference@0.2.0-rc-2024-10-28",
    "wasi:threads/threads@0.1.0",
    "wasi:tls/types@0.2.0-draft",
    "wasi:webgpu/webgpu@0.0.1",
];

/// Every function of WASI 0.1, which core modules import.
const WASI_0_1: &str = "args_get args_sizes_get clock_res_get clock_time_get environ_get environ_sizes_get fd_advise \
    fd_allocate fd_close fd_datasync fd_fdstat_get fd_fdstat_set_flags fd_fdstat_set_rights fd_filestat_get \
    fd_filestat_set_size fd_filestat_set_times fd_pread fd_prestat_dir_name fd_prestat_get fd_pwrite fd_read \
    fd_readdir fd_renumber fd_seek fd_sync fd_tell fd_write path_create_directory path_filestat_get \
    path_filestat_set_times path_link path_open path_readlink path_remove_directory path_rename path_symlink \
    path_unlink_file poll_oneoff proc_exit proc_raise random_get sched_yield sock_accept sock_recv sock_send \
    sock_shutdown";

/// All of them.
pub fn all() -> Vec<Case> {
    [foreign(), large(), deep(), dear(), schemas()].into_iter().flatten().collect()
}

fn refused(words: &str) -> End {
    End::NotAdmitted(words.to_owned())
}

/// What it pays where it does no harm.
fn pays() -> End {
    End::Pays(vec![33334, 33334, 33333])
}

fn allocating(parts: &str) -> String {
    format!(
        "{parts} (func (export \"apportion:policy/rule@0.1.0#allocate\") (param i32 i32) (result i32)
           (call $weights (call $payee_count)))"
    )
}

/// What is no component, and imports of what no policy gets.
fn foreign() -> Vec<Case> {
    let begins = "not a WebAssembly component: it does not begin as one";
    let mut cases = vec![
        Case::made("empty", "to be nothing", refused(begins), Vec::new),
        Case::made("script", "to be run by the shell", refused(begins), || b"#!/bin/sh\nrm -rf /\n".to_vec()),
        Case::made("archive", "to be unpacked", refused(begins), || b"PK\x03\x04".to_vec()),
        Case::made("preamble-alone", "to be no more than a beginning", refused("does not export"), || {
            PREAMBLE[..8].to_vec()
        }),
        Case::made("of-a-later-format", "a format of components that is to come", refused(begins), || {
            b"\0asm\x0e\0\x01\0".to_vec()
        }),
        Case::made("core-module", "to skip the contract", refused("this is a core module"), core_module),
        Case::made("wasi-0.1", "everything of WASI 0.1", refused("this is a core module"), || {
            let imports = WASI_0_1.split_whitespace();
            let imports =
                imports.map(|name| format!("(import \"wasi_snapshot_preview1\" \"{name}\" (func))"));
            wat::parse_str(format!("(module {})", imports.collect::<String>())).unwrap()
        }),
        Case::made("cut-in-half", "to end in the middle", refused("not valid here"), || {
            let whole = harmless();
            whole[..whole.len() / 2].to_vec()
        }),
        Case::made("followed-by-rubbish", "to go on after its end", refused("not valid here"), || {
            [harmless(), vec![0xff; 100]].concat()
        }),
    ];
    for name in WASI {
        let tries = format!("to be handed `{name}`");
        cases.push(Case::made(
            name,
            &tries,
            refused(&format!("imports `{name}`, which no policy gets")),
            move || wat::parse_str(format!("(component (import \"{name}\" (instance)))")).unwrap(),
        ));
    }
    cases
}

/// Much of one thing.
fn large() -> Vec<Case> {
    vec![
        Case::made(
            "hundred-mebibytes",
            "to take memory by its size",
            refused("the component has 104857600 bytes"),
            || {
                let mut bytes = PREAMBLE.to_vec();
                bytes.resize(100 << 20, 0);
                bytes
            },
        ),
        Case::made("largest-custom-section", "as much rubbish as is admitted", pays(), || {
            let whole = harmless();
            let rubbish = vec![b'x'; (64 << 20) - whole.len() - 16];
            [whole, section(0, &[vec![1, b'x'], rubbish].concat())].concat()
        }),
        Case::made(
            "section-that-promises-gibibytes",
            "a length that nothing follows",
            refused("not valid here"),
            || [PREAMBLE, b"\x01\xff\xff\xff\xff\x0f"].concat(),
        ),
        Case::made("thousands-of-modules", "5,000 core modules", refused("not valid here"), || {
            wat::parse_str(format!("(component {})", "(core module)".repeat(5000))).unwrap()
        }),
        Case::made(
            "thousands-of-instances",
            "5,000 core instances",
            refused("more than 64 instances of core modules"),
            || {
                let instances = "(core instance (instantiate $m))".repeat(5000);
                wat::parse_str(format!("(component (core module $m) {instances})")).unwrap()
            },
        ),
        Case::made(
            "hundred-instances",
            "more core instances than a policy may be",
            refused("more than 64 instances of core modules"),
            || appended(b"\0asm\x01\0\0\0", 100),
        ),
        Case::made(
            "twenty-memories",
            "more memories than a policy may have",
            refused("more instances, memories or tables"),
            || appended(&wat::parse_str("(module (memory 1))").unwrap(), 20),
        ),
        Case::made(
            "thousands-of-exports",
            "5,000 exported functions, none of them a rule",
            refused("does not export"),
            || {
                let exports: String = (0..5000).map(|n| format!("(export \"e{n}\" (func $f))")).collect();
                let text = "(core module $m (func (export \"f\"))) (core instance $i (instantiate $m))
                        (func $f (canon lift (core func $i \"f\")))";
                wat::parse_str(format!("(component {text} {exports})")).unwrap()
            },
        ),
        Case::made(
            "thousands-of-core-exports",
            "20,000 exports of its module that nobody wants",
            pays(),
            || {
                let exports: String =
                    (0..20_000).map(|n| format!("(export \"e{n}\" (func $described))")).collect();
                policy(&allocating(&exports), &[])
            },
        ),
        Case::made("thousands-of-imports", "5,000 imports", refused("exceeds limit of 1000"), || {
            let imports: String = (0..5000).map(|n| format!("(import \"i{n}\" (instance))")).collect();
            wat::parse_str(format!("(component {imports})")).unwrap()
        }),
        Case::made(
            "import-of-a-long-name",
            "a name of 90 KB in an error",
            refused("which no policy gets"),
            || wat::parse_str(format!("(component (import \"{}\" (instance)))", "a".repeat(90_000))).unwrap(),
        ),
        Case::made("thousands-of-functions", "5,000 functions to compile", pays(), || {
            let function = "(func (param i64) (result i64) (i64.mul (local.get 0) (i64.const 3)))";
            policy(&allocating(&function.repeat(5000)), &[])
        }),
        // Engines take 50,000, of which the meter needs a few.
        Case::made("most-locals", "a function of 49,990 locals", pays(), || {
            policy(&allocating(&format!("(func (local {}))", "i64 ".repeat(49_990))), &[])
        }),
        Case::made(
            "one-local-too-many-for-the-meter",
            "a function of 50,000 locals",
            refused("once metered"),
            || policy(&allocating(&format!("(func (local {}))", "i64 ".repeat(50_000))), &[]),
        ),
        Case::made("too-many-locals", "a function of 50,001 locals", refused("local"), || {
            policy(&allocating(&format!("(func (local {}))", "i64 ".repeat(50_001))), &[])
        }),
        Case::made(
            "large-frames",
            "to use up the stack by calls of 3,000 locals, all alive",
            End::Fault("stack-overflow".to_owned()),
            || deep_frames(3000),
        ),
        Case::made("giant-branch-table", "a branch with 100,000 targets", refused("not valid here"), || {
            let targets = "0 ".repeat(100_000);
            policy(
                &allocating(&format!("(func (param i32) (block (br_table {targets} (local.get 0))))")),
                &[],
            )
        }),
    ]
}

/// A component of 300 KB that takes the compiler half a minute or more: one function of 40,000 locals, all alive at
/// once, which the code generator has to find places for.
pub fn slow_to_compile() -> Vec<u8> {
    deep_frames(40_000)
}

/// Every local is read from memory before any is written back, so that all are kept on the stack during the call.
fn deep_frames(locals: usize) -> Vec<u8> {
    let declared = "i64 ".repeat(locals);
    let read: String = (1..locals).map(|n| format!("(local.set {n} (i64.load (i32.const {n})))")).collect();
    let write: String = (1..locals).map(|n| format!("(i64.store (i32.const {n}) (local.get {n}))")).collect();
    policy(
        &format!(
            "(func $frame (param i64) (local {declared}) {read} (call $frame (i64.const 1)) {write})
             (func (export \"apportion:policy/rule@0.1.0#allocate\") (param i32 i32) (result i32)
               (call $frame (i64.const 1)) unreachable)"
        ),
        &[],
    )
}

/// Depth of one thing.
fn deep() -> Vec<Case> {
    vec![
        Case::made(
            "components-in-components",
            "a component in a component, 5,000 deep",
            refused("more than 16 components within it"),
            || (0..5000).fold(PREAMBLE.to_vec(), |inner, _| [PREAMBLE.to_vec(), section(4, &inner)].concat()),
        ),
        Case::made(
            "instances-of-instances",
            "components of two instances of the one before: 2^24 in all",
            refused("more than 16 instances of components within it"),
            || {
                let twice = |n: u32| {
                    let inner = if n == 0 {
                        "(core module $m) (core instance (instantiate $m))".to_owned()
                    } else {
                        format!(
                            "(alias outer 1 $c{0} (component $c)) (instance (instantiate $c)) (instance (instantiate $c))",
                            n - 1
                        )
                    };
                    format!("(component $c{n} {inner})")
                };
                let components: String = (0..24).map(twice).collect();
                wat::parse_str(format!("(component {components} (instance (instantiate $c23)))")).unwrap()
            },
        ),
        Case::made("deep-types", "a list of lists of lists, 2,000 deep", refused("not valid here"), || {
            let types: String = (1..2000).map(|n| format!("(type $t{n} (list $t{}))", n - 1)).collect();
            let text = format!("(type $t0 (list u8)) {types} (import \"f\" (func (param \"p\" $t1999)))");
            wat::parse_str(format!("(component {text})")).unwrap()
        }),
        Case::made(
            "exponential-types",
            "a pair of pairs of pairs: 2^60 numbers",
            refused("not valid here"),
            || {
                let types: String =
                    (1..60).map(|n| format!("(type $t{n} (tuple $t{0} $t{0}))", n - 1)).collect();
                let text =
                    format!("(type $t0 (tuple u8 u8)) {types} (import \"f\" (func (param \"p\" $t59)))");
                wat::parse_str(format!("(component {text})")).unwrap()
            },
        ),
        Case::made("deep-blocks", "code in 20,000 blocks", pays(), || {
            policy(&allocating(&format!("(func {} {})", "block ".repeat(20_000), "end ".repeat(20_000))), &[])
        }),
        Case::made("deep-expressions", "a sum of 20,000 numbers on the stack", pays(), || {
            let sum = format!(
                "(func (result i32) {} {})",
                "i32.const 1 ".repeat(20_000),
                "i32.add ".repeat(19_999)
            );
            policy(&allocating(&sum), &[])
        }),
    ]
}

/// Code that takes more time than its instructions seem to.
fn dear() -> Vec<Case> {
    let described = |parts: &str| {
        let describe = "apportion:policy/rule@0.1.0#describe";
        policy(
            &allocating(&parts.replace("DESCRIBE", &format!("(export \"{describe}\") (result i32)"))),
            &["describe"],
        )
    };
    let ends = |code: &str| refused(&format!("failed while describing itself: {code}"));
    vec![
        Case::made(
            "functions-of-many-results",
            "to call functions that hand over 1,000 numbers each, 100 deep, for ever",
            ends("out-of-instructions"),
            move || {
                let results = format!("(result {})", "i64 ".repeat(1000));
                let loads: String =
                    (0..1000).map(|n| format!("(i64.load (i32.const {}))", 8 * (n % 100))).collect();
                let passes: String =
                    (1..100).map(|n| format!("(func $w{n} {results} (call $w{}))", n - 1)).collect();
                let drops = "drop ".repeat(1000);
                described(&format!(
                    "(func $w0 {results} {loads}) {passes} (func DESCRIBE (loop (call $w99) {drops} (br 0)) unreachable)"
                ))
            },
        ),
        Case::made(
            "calls-before-a-trap",
            "to have code for nothing because it ends in a trap, and to call itself before",
            ends("stack-overflow"),
            move || {
                let roots = "(local.set $f (f64.sqrt (local.get $f)))".repeat(60_000);
                described(&format!(
                    "(func $d (param $f f64) {roots} (call $d (local.get $f)) unreachable)
                     (func DESCRIBE (call $d (f64.const 1e300)) unreachable)"
                ))
            },
        ),
        Case::made(
            "branches-with-many-values",
            "to take 1,000 numbers along a branch, for ever",
            ends("out-of-instructions"),
            move || {
                let types = "i64 ".repeat(1000);
                let loads: String =
                    (0..1000).map(|n| format!("(i64.load (i32.const {}))", 8 * (n % 100))).collect();
                described(&format!(
                    "(func DESCRIBE {loads} (loop $l (param {types}) (result {types}) (br $l)) unreachable)"
                ))
            },
        ),
    ]
}

/// Schemas that want the host to compute, to fetch or to fall over.
fn schemas() -> Vec<Case> {
    let schema = |name: &str, tries: &str, end: End, schema: fn() -> String| {
        Case::made(name, tries, end, move || described_by(&schema()))
    };
    vec![
        schema("schema-no-json", "a schema that is no JSON", refused("is not JSON"), || {
            "{'type': 'object'}".to_owned()
        }),
        schema("schema-no-schema", "JSON that is no schema", refused("the schema of its parameters"), || {
            r#"{"type": "wish"}"#.to_owned()
        }),
        schema("schema-too-long", "a schema of a mebibyte", refused("it has more than 262144 bytes"), || {
            " ".repeat(1 << 20)
        }),
        schema(
            "schema-deep",
            "to have the reader recurse 100,000 deep",
            refused("is not JSON: recursion limit"),
            || "[".repeat(100_000),
        ),
        schema("schema-deep-and-valid", "a schema in a schema, as deep as JSON is read", pays(), || {
            format!("{}true{}", r#"{"not":"#.repeat(120), "}".repeat(120))
        }),
        schema(
            "schema-from-the-net",
            "to have the host fetch something from the net",
            refused("the schema of its parameters"),
            || r#"{"$ref": "https://example.org/schema.json"}"#.to_owned(),
        ),
        schema(
            "schema-from-a-file",
            "to have the host read a file",
            refused("the schema of its parameters"),
            || r#"{"$ref": "file:///etc/passwd"}"#.to_owned(),
        ),
        schema(
            "schema-that-is-itself",
            "a reference to itself, to be followed for ever",
            refused("the schema of its parameters"),
            || r##"{"$ref": "#"}"##.to_owned(),
        ),
        schema(
            "schema-in-a-circle",
            "two references to one another",
            refused("the schema of its parameters"),
            || {
                r##"{"$ref": "#/$defs/a", "$defs": {"a": {"allOf": [{"$ref": "#/$defs/b"}]}, "b": {"anyOf": [{"$ref": "#/$defs/a"}]}}}"##.to_owned()
            },
        ),
        schema(
            "schema-exponential",
            "references that double 40 times: 2^40 checks",
            refused("the schema of its parameters"),
            || {
                let doubled = (1..=40).map(|n| {
                    format!(
                        r##""a{n}": {{"allOf": [{{"$ref": "#/$defs/a{0}"}}, {{"$ref": "#/$defs/a{0}"}}]}}"##,
                        n - 1
                    )
                });
                let definitions: Vec<String> = doubled.collect();
                format!(r##"{{"$ref": "#/$defs/a40", "$defs": {{"a0": {{}}, {}}}}}"##, definitions.join(", "))
            },
        ),
        schema("schema-exponential-in-children", "references that double in each member", pays(), || {
            let doubled = (1..=40).map(|n| {
                let before = format!(r##"{{"$ref": "#/$defs/a{}"}}"##, n - 1);
                format!(r#""a{n}": {{"properties": {{"x": {before}, "y": {before}}}}}"#)
            });
            let definitions: Vec<String> = doubled.collect();
            format!(r##"{{"$ref": "#/$defs/a40", "$defs": {{"a0": {{}}, {}}}}}"##, definitions.join(", "))
        }),
        schema(
            "schema-of-references",
            "a reference to a reference, 5,000 times",
            refused("the schema of its parameters"),
            || {
                let definitions: Vec<String> =
                    (1..=5000).map(|n| format!(r##""a{n}": {{"$ref": "#/$defs/a{}"}}"##, n - 1)).collect();
                format!(
                    r##"{{"$ref": "#/$defs/a5000", "$defs": {{"a0": {{}}, {}}}}}"##,
                    definitions.join(", ")
                )
            },
        ),
        schema(
            "schema-that-looks-again",
            "to have what was not looked at looked for again at each of 60 levels",
            refused("the schema of its parameters"),
            || {
                format!(
                    "{}{{}}{}",
                    r#"{"unevaluatedProperties": false, "allOf": ["#.repeat(60),
                    "]}".repeat(60)
                )
            },
        ),
        schema(
            "schema-pattern-that-backtracks",
            "a pattern that takes for ever where it is tried out",
            pays(),
            || r#"{"properties": {"a": {"pattern": "^(a+)+$"}}}"#.to_owned(),
        ),
        schema(
            "schema-pattern-that-looks-back",
            "a pattern that cannot be matched in one pass",
            refused("the schema of its parameters"),
            || r#"{"properties": {"a": {"pattern": "^(a+)\\1$"}}}"#.to_owned(),
        ),
        schema(
            "schema-huge-pattern",
            "a pattern of a thousand million states",
            refused("the schema of its parameters"),
            || r#"{"pattern": "((a{1000}){1000}){1000}"}"#.to_owned(),
        ),
        schema(
            "schema-thousand-patterns",
            "patterns that are short to write and take gigabytes when compiled",
            refused("the schema of its parameters: "),
            || properties(1000, |n| format!(r"\\pL{{200}}{n}")),
        ),
        schema(
            "schema-one-large-pattern",
            "one of them alone",
            refused("its patterns are too large"),
            || properties(1, |_| r"\\pL{200}".to_owned()),
        ),
        schema(
            "schema-many-patterns",
            "many patterns of little each",
            refused("it has more than 64 patterns"),
            || properties(7000, |n| format!(r"\\w{{12}}{n:x}")),
        ),
        schema("schema-largest-patterns", "as many and as large patterns as are admitted", pays(), || {
            properties(64, |n| format!(r"(\\pL[^{n}])"))
        }),
        schema(
            "schema-names-of-patterns",
            "the same where the names of members are matched",
            refused("its patterns are too large"),
            || r#"{"patternProperties": {"\\pL{200}": {}}}"#.to_owned(),
        ),
    ]
}

/// A schema of so many members, each with a pattern.
fn properties(count: usize, pattern: impl Fn(usize) -> String) -> String {
    let members: Vec<String> =
        (0..count).map(|n| format!(r#""{n:x}":{{"pattern":"{}"}}"#, pattern(n))).collect();
    format!(r#"{{"type":"object","properties":{{{}}}}}"#, members.join(","))
}

/// A policy that does nothing bad but for its schema.
pub fn described_by(schema: &str) -> Vec<u8> {
    let pages = (SCHEMA_ADDRESS + schema.len()).div_ceil(PAGE);
    let (data, length) = (schema.replace('\\', "\\5c").replace('"', "\\22"), schema.len());
    let parts = format!(
        r#"(memory (export "memory") {pages})
           (data (i32.const {SCHEMA_ADDRESS}) "{data}")
           (func (export "apportion:policy/rule@0.1.0#describe") (result i32)
             (drop (call $described))
             (i32.store (i32.const 24) (i32.const {SCHEMA_ADDRESS})) (i32.store (i32.const 28) (i32.const {length}))
             (i32.const 0))"#
    );
    policy(&allocating(&parts), &["memory", "describe"])
}

/// The harmless policy followed by a core module and `count` instances of it.
fn appended(module: &[u8], count: usize) -> Vec<u8> {
    let whole = harmless();
    // Of the sections of a component, 1 holds a core module.
    let modules = sections(&whole).filter(|id| *id == 1).count();
    let instance = [vec![0], leb(modules), vec![0]].concat();
    let instances = [leb(count), instance.repeat(count)].concat();
    [whole, section(1, module), section(2, &instances)].concat()
}

fn sections(component: &[u8]) -> impl Iterator<Item = u8> {
    let mut rest = &component[8..];
    std::iter::from_fn(move || {
        let (&id, mut after) = rest.split_first()?;
        let (mut length, mut shift) = (0, 0);
        loop {
            let (&byte, next) = after.split_first()?;
            after = next;
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        rest = after.get(length..)?;
        Some(id)
    })
}

fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [vec![id], leb(content.len()), content.to_vec()].concat()
}

/// A number as WebAssembly writes it: LEB128.
fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(number & 0x7f).unwrap();
        number >>= 7;
        bytes.push(if number == 0 { low } else { low | 0x80 });
        if number == 0 {
            return bytes;
        }
    }
}
