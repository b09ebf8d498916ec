//! Which package depends on which, compared with what was decided.

use crate::cargo::{Package, Workspace};
use crate::tables::dependencies::Allowed;

/// Every dependency that is not allowed, and every package about which nothing was decided.
pub(crate) fn check(workspace: &Workspace, table: &[Allowed]) -> Vec<String> {
    let mut findings = order(table);
    for package in &workspace.packages {
        match table.iter().find(|allowed| is_about(allowed.package, package, workspace)) {
            Some(allowed) => findings.extend(check_package(workspace, package, allowed)),
            None => findings.push(format!(
                "the package `{}` has no place yet: add it to tests/house/src/tables/dependencies.rs",
                package.name
            )),
        }
    }
    for Allowed { package: name, .. } in table {
        if !workspace.packages.iter().any(|package| is_about(name, package, workspace)) {
            findings.push(format!("tests/house/src/tables/dependencies.rs: there is no package `{name}`"));
        }
    }
    findings
}

fn check_package(workspace: &Workspace, package: &Package, allowed: &Allowed) -> Vec<String> {
    let is_allowed = |name: &str| {
        let Some(used) = workspace.packages.iter().find(|package| package.name == name) else {
            return !allowed.never.contains(&name);
        };
        allowed.ours.iter().any(|ours| is_about(ours, used, workspace))
    };
    let mut findings = Vec::new();
    for dependency in package.needed() {
        let name = dependency.name.as_str();
        if !is_allowed(name) {
            findings.push(format!("`{}` may not depend on `{name}`", package.name));
        }
        if allowed.on_demand.contains(&name) && package.has_by_default(dependency) {
            findings.push(format!("`{}` depends on `{name}` though no feature asks for it", package.name));
        }
    }
    findings
}

/// The table lists what a package may depend on before the package: so nothing that is allowed closes a circle.
fn order(table: &[Allowed]) -> Vec<String> {
    let mut findings = Vec::new();
    for (place, allowed) in table.iter().enumerate() {
        for name in allowed.ours {
            if !table[..place].iter().any(|above| above.package == *name) {
                findings.push(format!(
                    "`{}` is allowed `{name}`, which does not stand above it",
                    allowed.package
                ));
            }
        }
    }
    findings
}

/// Whether a name of the table means a package: it is the package's, or that of a folder around it.
fn is_about(name: &str, package: &Package, workspace: &Workspace) -> bool {
    match name.ends_with('/') {
        true => package.folder().starts_with(workspace.root.join(name)),
        false => name == package.name,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A workspace of two packages, of which `upper` has one dependency.
    fn workspace(dependency: serde_json::Value, features: serde_json::Value) -> Workspace {
        let package = |name: &str, dependencies: serde_json::Value, features: serde_json::Value| {
            let manifest = format!("/workspace/{name}/Cargo.toml");
            serde_json::from_value(json!({
                "name": name, "manifest_path": manifest, "targets": [], "dependencies": dependencies, "features": features,
            }))
            .unwrap()
        };
        let packages =
            vec![package("lower", json!([]), json!({})), package("upper", json!([dependency]), features)];
        Workspace { root: "/workspace".into(), packages, target: "/workspace/target".into() }
    }

    fn findings(dependency: serde_json::Value, features: serde_json::Value) -> Vec<String> {
        let lower = Allowed { package: "lower", ours: &[], never: &[], on_demand: &[] };
        let upper = Allowed { package: "upper/", ours: &["lower"], never: &["engine"], on_demand: &["wasi"] };
        check(&workspace(dependency, features), &[lower, upper])
    }

    #[test]
    fn dependency_that_is_never_allowed_is_found_unless_only_tests_need_it() {
        let engine = |kind| json!({"name": "engine", "kind": kind, "optional": false});
        assert_eq!(findings(engine(json!(null)), json!({})), ["`upper` may not depend on `engine`"]);
        assert_eq!(findings(engine(json!("build")), json!({})), ["`upper` may not depend on `engine`"]);
        assert!(findings(engine(json!("dev")), json!({})).is_empty());
    }

    #[test]
    fn dependency_within_the_workspace_has_to_be_allowed() {
        let on = |name| json!({"name": name, "kind": null, "optional": false});
        assert!(findings(on("lower"), json!({})).is_empty());
        assert_eq!(findings(on("upper"), json!({})), ["`upper` may not depend on `upper`"]);
    }

    #[test]
    fn dependency_on_demand_may_not_be_on_by_default() {
        let wasi = |optional| json!({"name": "wasi", "kind": null, "optional": optional});
        assert!(findings(wasi(true), json!({"with-wasi": ["dep:wasi"]})).is_empty());
        let expected = ["`upper` depends on `wasi` though no feature asks for it"];
        assert_eq!(findings(wasi(false), json!({})), expected);
        let on = json!({"default": ["with-wasi"], "with-wasi": ["dep:wasi"]});
        assert_eq!(findings(wasi(true), on), expected);
    }

    #[test]
    fn package_without_a_place_and_place_without_a_package_are_found() {
        let lower = Allowed { package: "other", ours: &["lower"], never: &[], on_demand: &[] };
        let found =
            check(&workspace(json!({"name": "x", "kind": null, "optional": false}), json!({})), &[lower]);
        assert_eq!(found.len(), 4, "{found:?}");
    }
}
