//! Charters: which policies are in force, with which parameters and portions, and who must sign a change.
//!
//! People write a [`CharterDraft`] in TOML; [`resolve`] makes a [`Charter`] of it. Programs
//! use [`Charter::single`] or [`Charter::new`].

pub use apportion_core::charter::*;

pub use crate::resolve::{ResolveError, resolve};
