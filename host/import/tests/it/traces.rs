//! Provenance documents and traces: what becomes of them, and what is said of the rest.

mod hostile;
mod owners;
mod reuse;
mod sample;
mod samples;
mod unknown;
mod window;
