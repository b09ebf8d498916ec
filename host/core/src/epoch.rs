//! An epoch: one closed period with its number, window, pool, payees and contribution graph.
//!
//! Credit flows along an edge from its source to its target: the source relied on the target. Payees and nodes are
//! sorted by the bytes of their ids; edges by source, target, kind, time, weight, then metrics and labels in the order
//! of their columns' names. Within an epoch a row is named by its position, counted from 0.
//!
//! An [`Epoch`] is its canonical bytes, checked whole once and read in place from then on. `host/docs/epoch-format.md`
//! specifies them byte by byte, and [`Epoch::digest`] is their BLAKE3 hash. The same payees, nodes and edges give the
//! same bytes in whichever order and by whichever way they come in:
//!
//! | from | to an epoch |
//! |---|---|
//! | rows, one after another | [`EpochBuilder`] with [`Node`] and [`Edge`] |
//! | columns in memory | [`EpochColumns`] |
//! | rows of another epoch that were changed | [`EpochRows`] |
//! | another epoch without some rows | [`without`] |
//! | canonical bytes | [`Epoch::from_bytes`], [`Epoch::read`] |

mod aligned;
mod assemble;
mod attributes;
mod builder;
mod cells;
mod check;
mod codes;
mod columns;
mod error;
mod format;
mod graph;
mod header;
mod interner;
mod layout;
mod order;
mod reduced;
mod row;
mod rows;
mod stored;
mod writer;

pub use assemble::EpochColumns;
pub use builder::EpochBuilder;
pub use columns::{EdgeColumns, NodeColumns, PayeeColumns, References, TextColumn};
pub use error::{BuildError, EpochError, Row, RowError, RowProblem};
pub use graph::{Label, MAX_COLUMNS, MAX_ROWS, NO_PAYEE, Texts};
pub use header::{ColumnNames, Header, MAX_NUMBER, Window};
pub use reduced::without;
pub use row::{Edge, Node, Payee};
pub use rows::{EdgeRow, EpochRows, NodeRow, PayeeRow, RowText};
pub use stored::Epoch;
