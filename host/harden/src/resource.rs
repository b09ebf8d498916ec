//! What is limited, and the numbers that stand for it.

/// By how much the meter asks a table without elements to grow, plus the number of the resource that ran out. No engine
/// grants it, and one that reports growth to its embedder reports this.
pub(crate) const SIGNAL: u32 = 0xffff_fff0;

/// What is limited: the argument of `limit`, `exhausted` and `left`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// Instructions, in the units of METERING.md.
    Instructions,
    /// How deep calls may nest, in the units of METERING.md, which are about bytes of stack; at most 2^30.
    Depth,
    /// Bytes of linear memory, over all memories together.
    Memory,
    /// Elements of tables, over all tables together.
    Table,
}

impl Resource {
    const ALL: [Resource; 4] = [Self::Instructions, Self::Depth, Self::Memory, Self::Table];

    /// The number that stands for it.
    pub fn code(self) -> u32 {
        match self {
            Self::Instructions => 0,
            Self::Depth => 1,
            Self::Memory => 2,
            Self::Table => 3,
        }
    }

    /// Reads the number that stands for it.
    ///
    /// ```
    /// use apportion_harden::Resource;
    /// assert_eq!(Resource::from_code(1), Some(Resource::Depth));
    /// assert_eq!(Resource::from_code(4), None);
    /// ```
    pub fn from_code(code: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|resource| resource.code() == code)
    }

    /// Whether a table that asks to grow to `desired` elements, of at most `maximum`, is the meter's: it ran out of
    /// this. Growth of the program's own never comes to the embedder if it is past the maximum.
    ///
    /// ```
    /// use apportion_harden::Resource;
    /// assert_eq!(Resource::from_table_growth(0xffff_fff2, Some(0)), Some(Resource::Memory));
    /// assert_eq!(Resource::from_table_growth(100, Some(200)), None);
    /// ```
    pub fn from_table_growth(desired: usize, maximum: Option<usize>) -> Option<Self> {
        let code = u32::try_from(desired).ok()?.checked_sub(SIGNAL)?;
        (maximum == Some(0)).then(|| Self::from_code(code))?
    }

    pub(crate) fn as_i32(self) -> i32 {
        i32::try_from(self.code()).unwrap_or(0)
    }
}
