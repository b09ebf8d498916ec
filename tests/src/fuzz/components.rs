//! Fixed components that say what the fuzzer wants.

use std::sync::LazyLock;

use crate::hostile;

/// Where an answer's bytes lie in the policy's memory, and where it says that its answer is.
pub const ANSWER_ADDRESS: u32 = 16384;
/// Where a description's bytes lie.
pub const DESCRIPTION_ADDRESS: u32 = 16384;
/// How many bytes of a description come from the fuzzer.
pub const DESCRIPTION_BYTES: usize = 1024;

/// A byte that stands nowhere else a thousand times in a row.
const BLANK: u8 = 0xa5;

/// A policy that answers with its carry, copied to [`ANSWER_ADDRESS`] as it is.
pub fn answering() -> Vec<u8> {
    let parts = format!(
        r#"(func (export "apportion:policy/rule@0.1.0#describe") (result i32)
             (drop (call $described))
             (i32.store8 (i32.const 32) (i32.const 1))
             (i32.const 0))
           (func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32)
             (call $carry (i32.const 1300))
             (if (i32.lt_u (i32.load (i32.const 1304)) (i32.const 32768)) (then
               (memory.copy (i32.const {ANSWER_ADDRESS}) (i32.load (i32.const 1300)) (i32.load (i32.const 1304)))))
             (i32.const {ANSWER_ADDRESS}))"#
    );
    hostile::policy(&parts, &["describe"])
}

/// A policy that describes itself by `image`, which lies at [`DESCRIPTION_ADDRESS`].
pub fn describing(image: &[u8]) -> Vec<u8> {
    static BLANKED: LazyLock<(Vec<u8>, usize)> = LazyLock::new(|| {
        let blank = format!("\\{BLANK:02x}").repeat(DESCRIPTION_BYTES);
        let parts = format!(
            r#"(data (i32.const {DESCRIPTION_ADDRESS}) "{blank}")
               (func (export "apportion:policy/rule@0.1.0#describe") (result i32)
                 (i32.const {DESCRIPTION_ADDRESS}))
               (func (export "apportion:policy/rule@0.1.0#allocate") (param i32 i32) (result i32) unreachable)"#
        );
        // It is compiled for each input, so there is no more in it than has to be.
        let whole = hostile::policy(&parts, &["imports", "data", "helpers", "describe"]);
        let blank = [BLANK; DESCRIPTION_BYTES];
        let place = whole.windows(DESCRIPTION_BYTES).position(|window| window == blank);
        (whole, place.expect("the data is in the component as one piece"))
    });
    let (mut component, place) = BLANKED.clone();
    let described = &mut component[place..place + DESCRIPTION_BYTES];
    described.fill(0);
    described[..image.len()].copy_from_slice(image);
    component
}
