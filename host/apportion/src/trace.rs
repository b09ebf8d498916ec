//! Spans and events for operators, by the crate `tracing`; nothing without the feature of that name.
//!
//! They hold digests, numbers and names of policies. They never hold anything of payees, parameters, or a policy's log and
//! sentences, which may be anyone's words.

use apportion_core::canonical::Digest;
use apportion_core::charter::Charter;
use apportion_core::epoch::Epoch;
use apportion_core::fault::Fault;
use apportion_core::limits::Usage;

use crate::host_error::Shortage;

/// A span that was entered on this thread and ends when this is dropped.
#[must_use = "a span ends when it is dropped"]
pub(crate) struct Entered {
    #[cfg(feature = "tracing")]
    span: tracing::span::EnteredSpan,
}

impl Entered {
    /// The same span for other threads.
    pub(crate) fn parent(&self) -> Parent {
        Parent {
            #[cfg(feature = "tracing")]
            span: tracing::Span::clone(&self.span),
        }
    }
}

/// A span that other threads can enter.
pub(crate) struct Parent {
    #[cfg(feature = "tracing")]
    span: tracing::Span,
}

impl Parent {
    /// Enters it on another thread.
    pub(crate) fn enter(&self) -> Entered {
        Entered {
            #[cfg(feature = "tracing")]
            span: self.span.clone().entered(),
        }
    }
}

/// Defines a function that enters a span.
macro_rules! span {
    ($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),*) $($field:ident = $value:expr),*) => {
        $(#[$doc])*
        #[cfg_attr(not(feature = "tracing"), allow(unused_variables, reason = "nothing is traced"))]
        pub(crate) fn $name($($argument: $type),*) -> Entered {
            Entered {
                #[cfg(feature = "tracing")]
                span: tracing::info_span!(
                    target: "apportion", stringify!($name), $($field = tracing::field::display($value)),*
                )
                .entered(),
            }
        }
    };
}

/// Defines a function that reports an event.
macro_rules! event {
    ($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),*) $text:literal, $($field:ident = $value:expr),*) => {
        $(#[$doc])*
        #[cfg_attr(not(feature = "tracing"), allow(unused_variables, reason = "nothing is traced"))]
        pub(crate) fn $name($($argument: $type),*) {
            #[cfg(feature = "tracing")]
            tracing::debug!(target: "apportion", $($field = tracing::field::display($value),)* $text);
        }
    };
}

span! {
    /// A component that no cache in memory has is admitted.
    admit(policy: &Digest, bytes: usize) policy = policy, bytes = bytes
}
span! {
    /// A component is hardened and compiled.
    compile(policy: &Digest, bytes: usize) policy = policy, bytes = bytes
}
span! {
    /// A policy divides a pool.
    run(name: &str, policy: &Digest) name = name, policy = policy
}
span! {
    /// An epoch is settled under a charter.
    settle(epoch: &Epoch, charter: &Charter) epoch = epoch.number(), charter = charter.digest()
}
event! {
    /// A policy was found among those admitted before.
    kept_in_memory(policy: &Digest) "found in memory", policy = policy
}
event! {
    /// A policy was found among those compiled before.
    kept_in_folder(policy: &Digest) "found in the folder of compiled policies", policy = policy
}
event! {
    /// Something has to wait for capacity: bytes of memory, or one compiler.
    waiting(shortage: Shortage, amount: u64) "waiting", shortage = shortage, amount = amount
}
event! {
    /// A run gave an answer.
    ran(usage: &Usage) "ran",
    instructions = usage.instructions, memory = usage.memory, table = usage.table, transfer = usage.transfer
}
event! {
    /// A policy gave no allocation.
    fault(fault: &Fault) "fault", code = fault.code
}
