use alloc::string::{String, ToString};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::{Allocation, Epoch, Refusal};

/// A rule that divides a pool. Implement it for an empty type and name that type in [`export!`](crate::export).
///
/// The example of the [crate] is a policy, whole.
pub trait Policy {
    /// What a programme may set: read from JSON, and described by the JSON Schema that `schemars` derives. With
    /// `#[serde(deny_unknown_fields)]` a misspelt name is refused rather than ignored.
    type Parameters: DeserializeOwned + JsonSchema;

    /// Lower-case words joined by hyphens, at most 64 bytes: `optimism-devtooling`.
    const NAME: &'static str;
    /// Semantic version of the policy: `env!("CARGO_PKG_VERSION")`.
    const VERSION: &'static str;
    /// One sentence, at most 1,024 bytes: who gets what, and why. Shown to people before they adopt the policy.
    const SUMMARY: &'static str;
    /// Whether the policy reads [`Epoch::paid`] or [`Epoch::carry`], or returns a carry. The engine ends the run of
    /// one that does so without saying so here.
    const STATEFUL: bool = false;

    /// Divides the pool.
    ///
    /// # Errors
    /// A [`Refusal`], whose sentence is shown to people.
    fn allocate(epoch: &Epoch, parameters: &Self::Parameters) -> Result<Allocation, Refusal>;
}

/// What a policy says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// [`Policy::NAME`].
    pub name: &'static str,
    /// [`Policy::VERSION`].
    pub version: &'static str,
    /// [`Policy::SUMMARY`].
    pub summary: &'static str,
    /// The JSON Schema (2020-12) of the parameters.
    pub parameters: String,
    /// [`Policy::STATEFUL`].
    pub stateful: bool,
}

/// Describes a policy as its component does.
pub fn describe<P: Policy>() -> Description {
    let settings = schemars::generate::SchemaSettings::draft2020_12();
    let schema = settings.into_generator().into_root_schema_for::<P::Parameters>();
    Description {
        name: P::NAME,
        version: P::VERSION,
        summary: P::SUMMARY,
        parameters: schema.to_value().to_string(),
        stateful: P::STATEFUL,
    }
}

/// Runs a policy on an epoch as its component does, with parameters in JSON.
///
/// The engine checks parameters against the schema before a run; this function does not, so a native caller that
/// wants ranges held checks them first.
///
/// # Errors
/// What the policy refuses, and [`Refusal::BadParameters`] when `parameters` is not JSON of the policy's parameters.
pub fn run<P: Policy>(epoch: &Epoch, parameters: &str) -> Result<Allocation, Refusal> {
    let unreadable =
        |error| Refusal::bad_parameters(alloc::format!("the parameters cannot be read: {error}"));
    // By way of a value: the code that reads JSON is then there once and not once a type, and a message tells what is
    // wrong rather than at which column of a line that nobody wrote.
    let value: serde_json::Value = serde_json::from_str(parameters).map_err(unreadable)?;
    let parameters: P::Parameters = serde_json::from_value(value).map_err(unreadable)?;
    P::allocate(epoch, &parameters)
}

/// Exports a [`Policy`] as the component's rule. Once in a crate.
///
/// Natively it exports nothing, and only checks that the type is a policy: several policies can be linked into one
/// program. In a component it also sets a panic hook, which sends the panic's message and place to the run's log.
#[macro_export]
macro_rules! export {
    ($policy:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            extern crate std;

            struct Exported;

            impl $crate::bindings::exports::apportion::policy::rule::Guest for Exported {
                fn describe() -> $crate::component::Description {
                    $crate::component::describe::<$policy>()
                }

                fn allocate(
                    parameters: std::string::String,
                ) -> Result<$crate::component::Allocation, $crate::component::Refusal> {
                    std::panic::set_hook(std::boxed::Box::new(|panic| $crate::component::log_panic(panic)));
                    $crate::component::allocate::<$policy>(&parameters)
                }
            }

    $crate::bindings::export_rule!(Exported with_types_in $crate::bindings);
        };

        #[cfg(not(target_arch = "wasm32"))]
        const _: () = {
            const fn is_a_policy<P: $crate::Policy>() {}
            is_a_policy::<$policy>();
        };
    };
}
