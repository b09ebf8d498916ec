//! What a call of an imported function reaches, once the component has linked its modules.

use crate::scan::{CoreFunction, CoreInstance, Scan};

/// Where a call goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Callee {
    /// Out of the component, to where nothing of the component is called while it runs.
    Host,
    /// A function with a body.
    Function { module: usize, function: u32 },
    /// Whoever the embedder linked.
    Unknown,
}

/// For each module, for each function it imports, what that may be: one answer per instance of the module.
pub(crate) fn imports(scan: &Scan) -> Vec<Vec<Vec<Callee>>> {
    let mut imports: Vec<Vec<Vec<Callee>>> =
        scan.modules.iter().map(|module| vec![Vec::new(); module.imported_functions.len()]).collect();
    for instance in &scan.instances {
        let CoreInstance::Of { module, arguments } = instance else { continue };
        let (Some(core), Some(found)) = (scan.modules.get(*module), imports.get_mut(*module)) else {
            continue;
        };
        for ((from, name), callees) in core.imported_functions.iter().zip(found) {
            let callee = arguments.get(from).map_or(Callee::Unknown, |from| resolve(scan, *from, name));
            if !callees.contains(&callee) {
                callees.push(callee);
            }
        }
    }
    imports
}

/// Follows an export of a core instance to the function behind it. Each step leads to an earlier instance.
fn resolve(scan: &Scan, mut instance: usize, name: &str) -> Callee {
    let mut name = name;
    loop {
        match scan.instances.get(instance) {
            Some(CoreInstance::Bundle(exports)) => {
                match exports.get(name).and_then(|function| scan.functions.get(*function)) {
                    Some(CoreFunction::Host { realloc: None }) => return Callee::Host,
                    // All that it can enter is its `realloc`, which stands before it.
                    Some(CoreFunction::Host { realloc: Some(realloc) }) => match scan.functions.get(*realloc)
                    {
                        Some(CoreFunction::Export { instance: next, name: next_name }) => {
                            (instance, name) = (*next, next_name);
                        }
                        Some(CoreFunction::Host { .. }) => return Callee::Host,
                        None => return Callee::Unknown,
                    },
                    Some(CoreFunction::Export { instance: next, name: next_name }) => {
                        (instance, name) = (*next, next_name);
                    }
                    None => return Callee::Unknown,
                }
            }
            Some(CoreInstance::Of { module, arguments }) => {
                let Some(core) = scan.modules.get(*module) else { return Callee::Unknown };
                let Some(function) = core.exports.get(name) else { return Callee::Unknown };
                let Some((from, import)) = core.imported_functions.get(*function as usize) else {
                    return Callee::Function { module: *module, function: *function };
                };
                let Some(next) = arguments.get(from) else { return Callee::Unknown };
                (instance, name) = (*next, import);
            }
            None => return Callee::Unknown,
        }
    }
}
