//! Guides: how the chapters work together, with examples that run.

pub mod services {
    #![doc = include_str!("guide/services.md")]
}
