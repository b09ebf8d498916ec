//! A component that reports what each of its functions is charged.

/// A component that tells what each of its functions is charged, for those who look for where instructions go.
#[derive(Clone, Debug)]
pub struct Profiled {
    /// Hardened, and so the same results and the same count; slower. `left` takes 4 and more as well: `left(4 + n)` is
    /// what function `n` was charged, without what it called.
    pub component: Vec<u8>,
    /// Its functions. Growing memory and tables is charged to none.
    pub functions: Vec<ProfiledFunction>,
    /// The linear memory, in bytes, that the meter itself has for that, and does not count.
    pub memory: u64,
}

/// A function of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfiledFunction {
    /// Which core module, from 0.
    pub module: usize,
    /// The function's index in its module, imports first.
    pub index: u32,
    /// What the component says it is called.
    pub name: Option<String>,
    /// The most native stack that a call of it takes, in bytes, as METERING.md counts it, without what it calls.
    pub frame: u64,
}
