//! The rules: what is published, what can be computed by hand, and what must hold in any round.

#![allow(clippy::unwrap_used, clippy::panic, reason = "in a test a panic is the message")]

mod clrfund;
mod contributions;
mod laws;
mod round;
