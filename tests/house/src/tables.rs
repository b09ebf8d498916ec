//! What the project has decided about its structure, as data. The rest of this crate checks that it is so.

pub(crate) mod circles;
pub(crate) mod dependencies;
pub(crate) mod order;
pub(crate) mod rules;
