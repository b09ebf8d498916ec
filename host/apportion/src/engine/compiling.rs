//! A component hardened and compiled: taken from the folder of compiled policies, or made and then put there.

use apportion_harden::{Profiled, harden};
use wasmtime::component::Component;

use super::folder::Folder;
use crate::abi;
use crate::host_error::HostError;
use crate::policy::Instrumented;
use crate::runtime::Runtime;
use crate::trace;
use apportion_core::canonical::Digest;

/// A component as it is run. The inner error is the component's.
pub(super) fn compile(
    runtime: &Runtime,
    folder: Option<&Folder>,
    component: &[u8],
    digest: &Digest,
) -> Result<wasmtime::Result<Component>, HostError> {
    let engine = runtime.engine().clone();
    if let Some(compiled) = folder.and_then(|folder| folder.load(&engine, digest)) {
        trace::kept_in_folder(digest);
        return Ok(Ok(compiled));
    }
    let _span = trace::compile(digest, component.len());
    let owned = component.to_vec();
    let compiled = runtime.compile(move || {
        let hardened = harden(&owned).map_err(wasmtime::Error::new)?;
        drop(owned);
        Component::from_binary(&engine, &hardened)
    })?;
    if let (Ok(component), Some(folder)) = (&compiled, folder) {
        folder.keep(digest, component);
    }
    Ok(compiled)
}

/// A component that counts what it uses, in the bytes that are compiled.
pub(super) fn hardened(
    runtime: &Runtime,
    component: &[u8],
) -> Result<Result<Vec<u8>, apportion_harden::Error>, HostError> {
    let owned = component.to_vec();
    runtime.compile(move || harden(&owned))
}

/// A component of this version of the contract, which notes what each of its functions is charged.
pub(super) fn instrumented(
    runtime: &Runtime,
    component: &[u8],
    contract: &str,
) -> Result<wasmtime::Result<Instrumented>, HostError> {
    let (engine, owned) = (runtime.engine().clone(), component.to_vec());
    let compiled = runtime.compile(move || {
        let Profiled { component, functions, memory } =
            apportion_harden::profile(&owned).map_err(wasmtime::Error::new)?;
        Ok((Component::from_binary(&engine, &component)?, functions, memory))
    })?;
    Ok(compiled.and_then(|(component, functions, memory)| {
        let linked = abi::link(runtime.engine(), &component, contract)?;
        Ok(Instrumented { linked, functions, memory })
    }))
}
