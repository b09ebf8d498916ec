//! The engine of a command: on which backend, and with which folder for compiled policies.

use std::env;
use std::path::PathBuf;

use anyhow::Result;
use apportion::Engine;
use apportion::engine::{Backend, CacheError, Setup};
use clap::ValueEnum;

use crate::arguments::{BackendName, EngineArguments, LimitArguments};
use crate::limits::HostLimits;
use crate::outcome::Refused;
use crate::print::warning;

/// Names the folder where the command line does not; empty for none.
const FOLDER: &str = "APPORTION_CACHE";
/// Names the backend where the command line does not; empty for the usual one.
const BACKEND: &str = "APPORTION_BACKEND";

/// Makes engines. One a command is enough, and most need it late.
pub struct Engines {
    folder: Option<PathBuf>,
    backend: Option<BackendName>,
    limits: HostLimits,
}

impl Engines {
    pub fn new(arguments: &EngineArguments, limits: &LimitArguments) -> Engines {
        let folder = if arguments.no_cache { None } else { arguments.cache.clone().or_else(usual_folder) };
        Engines { folder, backend: arguments.backend, limits: HostLimits::new(limits) }
    }

    /// An engine that runs fast once it has compiled, unless another backend is asked for.
    pub fn make(&self) -> Result<Engine> {
        self.on(self.asked()?.unwrap_or(Backend::Cranelift))
    }

    /// The backend that was asked for, if any was.
    pub fn asked(&self) -> Result<Option<Backend>> {
        let named = env::var(BACKEND).ok().filter(|name| !name.is_empty());
        let name = match (self.backend, named) {
            (None, Some(name)) => {
                let known = BackendName::from_str(&name, false);
                Some(known.map_err(|_| {
                    let all = BackendName::value_variants().iter().filter_map(ValueEnum::to_possible_value);
                    let all = all.map(|value| value.get_name().to_owned()).collect::<Vec<_>>().join(", ");
                    Refused(format!("{BACKEND} is `{}`, which is none of {all}", name.escape_debug()))
                })?)
            }
            (asked, _) => asked,
        };
        Ok(name.map(|name| match name {
            BackendName::Cranelift => Backend::Cranelift,
            BackendName::Winch => Backend::Winch,
            BackendName::Pulley => Backend::Pulley,
        }))
    }

    /// The same, which compiles everything anew.
    pub fn without_folder(&self) -> Result<Engine> {
        self.set_up(self.asked()?.unwrap_or(Backend::Cranelift))
    }

    /// An engine. One without its folder works as well and only starts more slowly, so that is no more than a warning.
    pub fn on(&self, backend: Backend) -> Result<Engine> {
        let engine = self.set_up(backend)?;
        let Some(folder) = &self.folder else { return Ok(engine) };
        let warn = |error: CacheError| warning!("{error}; policies are compiled anew each time");
        Ok(engine.clone().with_cache(folder).map_err(warn).unwrap_or(engine))
    }

    /// Interruptible, so that a run can be stopped when its time is over and the command can go on.
    fn set_up(&self, backend: Backend) -> Result<Engine> {
        Ok(self.limits.apply(Engine::of(Setup { backend, interruptible: true })?))
    }
}

/// What the environment names, or the user's own place for such files.
fn usual_folder() -> Option<PathBuf> {
    if let Some(named) = env::var_os(FOLDER) {
        return (!named.is_empty()).then(|| PathBuf::from(named));
    }
    let of = |variable: &str| env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let caches = if cfg!(target_os = "macos") {
        of("HOME").map(|home| home.join("Library/Caches"))
    } else if cfg!(unix) {
        of("XDG_CACHE_HOME").or_else(|| of("HOME").map(|home| home.join(".cache")))
    } else {
        None // see `CacheError::System`
    };
    caches.map(|caches| caches.join("apportion"))
}
