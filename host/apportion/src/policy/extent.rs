//! How much a component is made of, counted before it is compiled.
//!
//! The compiler reads a component within a component as often as it is instantiated, and holds all that stands around
//! it: a few kilobytes can so be made to take every byte that the host has. Its own limits are for each component
//! alone, so that the product of them has no limit.

use wasmparser::{ComponentInstance, Instance, Parser, Payload};

use crate::sandbox::MAX_CORE_INSTANCES;

/// The most components within a component, together. Tools that make components need one for each export.
const MAX_COMPONENTS: usize = 16;
/// The most times that these are instantiated, as written. With all of it spent on doubling, some hundreds in effect.
const MAX_COMPONENT_INSTANCES: usize = 16;

/// Why a component is too much, in a few words; also where it cannot be taken apart.
pub(super) fn check(component: &[u8]) -> Result<(), String> {
    let (mut components, mut component_instances, mut core_instances) = (0_usize, 0_usize, 0_usize);
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(|error| error.to_string())? {
            Payload::ComponentSection { .. } => components = components.saturating_add(1),
            Payload::ComponentInstanceSection(section) => {
                for instance in section {
                    let instance = instance.map_err(|error| error.to_string())?;
                    let made = matches!(instance, ComponentInstance::Instantiate { .. });
                    component_instances = component_instances.saturating_add(usize::from(made));
                }
            }
            Payload::InstanceSection(section) => {
                for instance in section {
                    let instance = instance.map_err(|error| error.to_string())?;
                    let made = matches!(instance, Instance::Instantiate { .. });
                    core_instances = core_instances.saturating_add(usize::from(made));
                }
            }
            _ => {}
        }
        for (count, most, what) in [
            (components, MAX_COMPONENTS, "components within it"),
            (component_instances, MAX_COMPONENT_INSTANCES, "instances of components within it"),
            (core_instances, MAX_CORE_INSTANCES, "instances of core modules"),
        ] {
            if count > most {
                return Err(format!("it has more than {most} {what}"));
            }
        }
    }
    Ok(())
}
