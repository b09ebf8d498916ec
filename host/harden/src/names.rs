//! What a component's functions are called, where it says so.

use std::collections::BTreeMap;

use wasmparser::{KnownCustom, Name, Parser, Payload};

use crate::depth::Calls;
use crate::error::Error;
use crate::profile::ProfiledFunction;
use crate::scan::{self, Scan};

/// The functions with bodies of all core modules, in order.
pub(crate) fn functions(
    bytes: &[u8],
    scan: &Scan,
    calls: &[Vec<Calls>],
) -> Result<Vec<ProfiledFunction>, Error> {
    let mut functions = Vec::new();
    for (number, (module, calls)) in scan.modules.iter().zip(calls).enumerate() {
        let names = names(bytes.get(module.range.clone()).unwrap_or_default())?;
        functions.extend(module.functions.iter().zip(calls).map(|((function, _), calls)| ProfiledFunction {
            module: number,
            index: function.index,
            name: names.get(&function.index).cloned(),
            frame: calls.frame,
        }));
    }
    Ok(functions)
}

/// The names in a core module. A damaged list of names is no list.
fn names(module: &[u8]) -> Result<BTreeMap<u32, String>, Error> {
    let mut names = BTreeMap::new();
    let mut parser = Parser::new(0);
    parser.set_features(scan::features());
    for payload in parser.parse_all(module) {
        let Payload::CustomSection(section) = payload? else { continue };
        let KnownCustom::Name(section) = section.as_known() else { continue };
        for part in section {
            let Ok(Name::Function(functions)) = part else { continue };
            for naming in functions.into_iter().filter_map(Result::ok) {
                names.insert(naming.index, naming.name.to_owned());
            }
        }
    }
    Ok(names)
}
