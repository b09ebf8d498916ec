//! Functions whose last bits differ between systems, from one implementation that does not.
//!
//! IEEE 754 fixes addition, multiplication, division and the square root to the last bit, so plain `+ - * /` are the
//! same natively and in a component. It does not fix logarithms and powers: the native ones come from the system's C
//! library and differ between systems and versions. These come from [`libm`](https://docs.rs/libm), a port of musl's:
//! the same instructions, hence the same bits, on every machine. `clippy.toml` of this repository turns away the
//! methods of `f64` in their favour.
//!
//! ```
//! use apportion_guest::math::ln_1p;
//! assert_eq!(ln_1p(0.0), 0.0);
//! ```

pub use libm::{exp, log as ln, log1p as ln_1p, pow, sqrt};
