//! Which functions a policy was in when it broke off: for its author, in no result.

use std::num::NonZeroUsize;

use wasmtime::WasmBacktrace;

use apportion_core::text::visible;

/// How many calls are looked at, from where it broke off outwards.
pub(super) const MOST: Option<NonZeroUsize> = NonZeroUsize::new(32);
/// The longest name of a function that is told.
const MAX_NAME: usize = 200;
/// The longest that is read as a compiler's: reading can make it longer.
const MAX_MANGLED: usize = 4096;

/// The functions that a run was in when it ended by this error, the innermost first. Those without a name are left out,
/// such as what the engine adds to a policy.
pub(super) fn of(error: &wasmtime::Error) -> Vec<String> {
    let Some(trace) = error.downcast_ref::<WasmBacktrace>() else { return Vec::new() };
    trace.frames().iter().filter_map(|frame| frame.func_name()).map(shown).collect()
}

/// A function's name as its author wrote it: Rust's compiler gives it a form of its own, and Zig's marks it as local to
/// its file. It may be anyone's.
pub(crate) fn shown(name: &str) -> String {
    let name = name.strip_prefix(".L").unwrap_or(name);
    match rustc_demangle::try_demangle(name) {
        Ok(demangled) if name.len() <= MAX_MANGLED => visible(&format!("{demangled:#}"), MAX_NAME),
        _ => visible(name, MAX_NAME),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_as_they_were_written() {
        for (name, as_written) in [
            ("_ZN5reach5inner17h0123456789abcdefE", "reach::inner"),
            ("_RNvCs1234_5reach5inner", "reach::inner"),
            (".Lrule.inner", "rule.inner"),
            ("inner", "inner"),
            ("_ZN", "_ZN"),
        ] {
            assert_eq!(shown(name), as_written);
        }
        assert!(!shown("\u{1b}[2J").contains('\u{1b}'));
        assert!(shown(&"x".repeat(1 << 20)).len() < 2 * MAX_NAME);
    }
}
