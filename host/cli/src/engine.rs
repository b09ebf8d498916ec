//! The engine of a command, with the folder where it keeps compiled policies.

use std::env;
use std::path::PathBuf;

use anyhow::Result;
use apportion::{CacheError, Engine};

use crate::arguments::CacheArguments;

/// Names the folder where the command line does not; empty for none.
const VARIABLE: &str = "APPORTION_CACHE";

/// Makes engines. One a command is enough, and most need it late.
pub struct Engines {
    cache: Option<PathBuf>,
}

impl Engines {
    pub fn new(arguments: &CacheArguments) -> Engines {
        let cache = if arguments.no_cache { None } else { arguments.cache.clone().or_else(usual_folder) };
        Engines { cache }
    }

    /// An engine that compiles everything anew.
    pub fn without_cache(&self) -> Result<Engine> {
        Ok(Engine::new()?)
    }

    /// An engine. One without its folder works as well and only starts more slowly, so that is no more than a warning.
    pub fn make(&self) -> Result<Engine> {
        let engine = Engine::new()?;
        let Some(folder) = &self.cache else { return Ok(engine) };
        let warn = |error: CacheError| eprintln!("warning: {error}; policies are compiled anew each time");
        Ok(engine.clone().with_cache(folder).map_err(warn).unwrap_or(engine))
    }
}

/// What the environment names, or the user's own place for such files.
fn usual_folder() -> Option<PathBuf> {
    if let Some(named) = env::var_os(VARIABLE) {
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
