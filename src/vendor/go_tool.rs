//! The Go tool, which knows its own proxies, logins and checksums: modules as it has verified and unpacked them, and which versions
//! of one there are.

use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::Value;

use super::login::Login;
use super::mirror::mirrored;
use crate::env;
use crate::process::Program;
use crate::report::{Failure, Outcome};
use crate::schema::address;

/// What the Go tool may know of our environment: where modules come from, who vouches for them, where they are kept, and how the
/// user logs in. Nothing that runs a program or builds, such as `GOFLAGS`.
const GO: [&str; 16] = [
    "HOME",
    env::NETRC,
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

/// The Go tool, as it is called.
#[derive(Debug, Clone, Copy)]
pub struct Go<'a> {
    /// The address of a mirror, which is asked before the proxies that are set.
    pub mirror: Option<&'a str>,
    /// Who asks the mirror.
    pub login: &'a Login,
    /// A folder for files on the way.
    pub scratch: &'a Path,
}

impl Go<'_> {
    /// Fetches a module, which is given with its version: `example.org/m/v2@v2.1.0`.
    pub async fn module(self, module: &str, deadline: Instant) -> Outcome<GoModule> {
        let go = self.program(deadline).await?;
        let ended = go.args(["mod", "download", "-json", module]).run(deadline).await?;
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
    pub async fn versions(self, module: &str, deadline: Instant) -> Outcome<Vec<String>> {
        let go = self.program(deadline).await?;
        let ended = go.args(["list", "-m", "-versions", "-json", module]).bound(LONGEST_LIST).run(deadline).await?;
        let answer: Value = serde_json::from_slice(&ended.stdout).unwrap_or_default();
        if !ended.status.success() || answer["Path"].as_str() != Some(module) {
            let failure = Failure::failed(format!("the Go tool does not tell the versions of {module}"));
            return Err(failure.details(ended.stderr.lines()));
        }
        let versions = answer["Versions"].as_array().into_iter().flatten();
        Ok(versions.filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// The program, which asks the mirror first where there is one.
    async fn program(self, deadline: Instant) -> Outcome<Program> {
        let Some(mirror) = self.mirror else { return Ok(go(self.scratch)) };
        let set = proxies(go(self.scratch), deadline).await?;
        let known = if servers(&set).next().is_some() {
            set.clone()
        } else {
            // What it asks where nothing is set.
            proxies(go(self.scratch).env("GOPROXY", "").env("GOENV", "off"), deadline).await?
        };
        let program = go(self.scratch).env("GOPROXY", with_mirror(mirror, &set, &known));
        Ok(match self.login.as_netrc(mirror, own_logins().as_deref(), self.scratch)? {
            Some(file) => program.env(env::NETRC, file),
            None => program,
        })
    }
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

/// The file that the Go tool finds the user's logins in (`go help goauth`, "netrc").
fn own_logins() -> Option<PathBuf> {
    let of_home = || env::get(env::HOME).map(|home| Path::new(&home).join(".netrc"));
    env::get(env::NETRC).map(PathBuf::from).or_else(of_home)
}

/// The proxies that the Go tool goes by (`GOPROXY`).
async fn proxies(go: Program, deadline: Instant) -> Outcome<String> {
    let told = go.args(["env", "GOPROXY"]).run(deadline).await?;
    Ok(String::from_utf8_lossy(&told.stdout).trim().to_owned())
}

/// Those of the proxies that are servers.
fn servers(proxies: &str) -> impl Iterator<Item = &str> {
    let all = proxies.split([',', '|']).map(str::trim);
    all.filter(|it| it.starts_with("http://") || it.starts_with("https://"))
}

/// The proxies that are set, behind what a mirror has of the servers that are known. Behind a `|` the next one is asked whatever the
/// one before it has answered. Where people have forbidden all proxies, none is asked.
fn with_mirror(mirror: &str, set: &str, known: &str) -> String {
    if set == "off" {
        return set.to_owned();
    }
    let first = servers(known).map(|proxy| mirrored(&address::shown(proxy), Some(mirror)) + "|");
    first.collect::<String>() + set
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
    fn a_mirror_stands_before_every_proxy_that_is_set() {
        let mirror = "https://m.example.org/all/";
        let of = |set: &str, known: &str| with_mirror(mirror, set, known);
        let usual = "https://proxy.example.org,direct";
        let first = "https://m.example.org/all/proxy.example.org|";
        assert_eq!(of(usual, usual), format!("{first}{usual}"));
        assert_eq!(of("direct", usual), format!("{first}direct"));
        assert_eq!(of("off", usual), "off");
        let own = "https://me:planted@go.example.org/a|file:///b";
        assert_eq!(of(own, own), format!("https://m.example.org/all/go.example.org/a|{own}"));
    }

    #[test]
    fn what_is_unpacked_is_beside_the_cache_of_downloads() {
        let zip = "/go/mod/cache/download/example.org/!big/m/v2/@v/v2.0.1.zip";
        assert_eq!(unpacked_from(zip), Some(PathBuf::from("/go/mod/example.org/!big/m/v2@v2.0.1")));
        assert_eq!(unpacked_from("/elsewhere/v2.0.1.zip"), None);
    }
}
