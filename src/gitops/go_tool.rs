//! The Go tool, which knows its own proxies, logins and checksums: modules as it has verified and unpacked them, and which versions
//! of one there are.

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::Value;

use crate::process::Program;
use crate::report::{Failure, Outcome};

/// What the Go tool may know of our environment: where modules come from, who vouches for them, where they are kept, and how the
/// user logs in. Nothing that runs a program or builds, such as `GOFLAGS`.
const GO: [&str; 16] = [
    "HOME",
    "NETRC",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "GOAUTH",
    "GOCACHE",
    "GOENV",
    "GOINSECURE",
    "GOMODCACHE",
    "GONOPROXY",
    "GONOSUMDB",
    "GOPATH",
    "GOPRIVATE",
    "GOPROXY",
    "GOSUMDB",
    "GOVCS",
];
/// How long a list of versions may be, in bytes. The longest have some thousand.
const LONGEST_LIST: u64 = 4 << 20;

/// A module as the Go tool has verified it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoModule {
    /// Where it is unpacked.
    pub folder: PathBuf,
    /// The digest of all of it by which the checksum database and every `go.sum` know it: `h1:…`.
    pub sum: Option<String>,
}

/// Fetches a module, which is given with its version: `example.org/m/v2@v2.1.0`.
pub async fn module(module: &str, scratch: &Path, deadline: Instant) -> Outcome<GoModule> {
    let ended = go(scratch).args(["mod", "download", "-json", module]).run(deadline).await?;
    let answer: Value = serde_json::from_slice(&ended.stdout).unwrap_or_default();
    let sum = answer["Sum"].as_str().map(str::to_owned);
    if let Some(dir) = answer["Dir"].as_str().filter(|_| ended.status.success()) {
        return Ok(GoModule { folder: PathBuf::from(dir), sum });
    }
    let reason = answer["Error"].as_str().unwrap_or(ended.stderr.trim()).to_owned();
    let wants_newer = reason.contains(" requires go >= ");
    match answer["Zip"].as_str().and_then(unpacked_from).filter(|dir| wants_newer && dir.is_dir()) {
        Some(folder) => Ok(GoModule { folder, sum }),
        None => Err(Failure::failed(format!("the Go tool does not get {module}")).details(reason.lines())),
    }
}

/// The versions of a module that is given without one, as they are tagged: `v2.1.0`. Those that never were tagged are not in it.
pub async fn versions(module: &str, scratch: &Path, deadline: Instant) -> Outcome<Vec<String>> {
    let ended =
        go(scratch).args(["list", "-m", "-versions", "-json", module]).bound(LONGEST_LIST).run(deadline).await?;
    let answer: Value = serde_json::from_slice(&ended.stdout).unwrap_or_default();
    if !ended.status.success() || answer["Path"].as_str() != Some(module) {
        let failure = Failure::failed(format!("the Go tool does not tell the versions of {module}"));
        return Err(failure.details(ended.stderr.lines()));
    }
    let versions = answer["Versions"].as_array().into_iter().flatten();
    Ok(versions.filter_map(Value::as_str).map(str::to_owned).collect())
}

fn go(scratch: &Path) -> Program {
    Program::new("go")
        .dir(scratch)
        .on_network()
        .with_agent() // modules of people's own are often had by git over ssh
        .inherit(|variable| GO.contains(&variable))
        // Only files are wanted of a module: no other Go, which a module can ask for, is fetched and run for them.
        .env("GOTOOLCHAIN", "local")
        // Whatever is set by `go env -w`.
        .env("GOFLAGS", "-mod=mod")
}

/// Where the Go tool has unpacked an archive of its cache: `cache/download/<module>/@v/<version>.zip` in it becomes
/// `<module>@<version>` (Go modules reference, "Module cache"). It does so, with all checks, also for a module that wants a
/// newer Go, and only then says that it cannot build that.
fn unpacked_from(zip: &str) -> Option<PathBuf> {
    let (cache, module) = zip.rsplit_once("/cache/download/")?;
    let (module, version) = module.strip_suffix(".zip")?.split_once("/@v/")?;
    Some(PathBuf::from(format!("{cache}/{module}@{version}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unpacked_is_beside_the_cache_of_downloads() {
        let zip = "/go/mod/cache/download/example.org/!big/m/v2/@v/v2.0.1.zip";
        assert_eq!(unpacked_from(zip), Some(PathBuf::from("/go/mod/example.org/!big/m/v2@v2.0.1")));
        assert_eq!(unpacked_from("/elsewhere/v2.0.1.zip"), None);
    }
}
