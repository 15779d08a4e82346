//! The environment variables that the program knows by their names, in one place.
//!
//! | variable | set by | verbs | meaning |
//! |---|---|---|---|
//! | `BACKSTACK_ROOT` | `backstack bundle run` | steps | the folder that stands for `/` of the bundle's image; unset in a real bundle |
//! | `BACKSTACK_GIVEN` | `backstack bundle run` | steps | the files there that are credentials of the user, a list in JSON |
//! | `BACKSTACK_COLUMNS` | `backstack bundle run` | steps | the width of the terminal in which it shows what the mixin says; unset where it has none |
//! | `BACKSTACK_COMPLETE` | the completions of a shell | | for which shell the words behind `--` are completed |
//! | `BACKSTACK_PACE` | tests | all | builds for debugging only, a release does not know it: divides the waits that only pace |
//! | `PORTER_HOME` | Porter, the user | `bundle run` | where mixins are installed; default `~/.porter` |
//! | `PORTER_VERBOSITY` | Porter | all | `warn` and `error` silence the progress |
//! | `PORTER_DEBUG` | Porter | all | `true` shows more, as `--debug` does |
//! | `PORTER_INSTALLATION_NAME`, `PORTER_INSTALLATION_NAMESPACE`, `PORTER_INSTALLATION_ID` | Porter | steps | which installation the step belongs to |
//! | `KUBECONFIG` | the user | what asks a cluster; `bundle run` for `--cred kubeconfig` | kubeconfig files to look for, as kubectl does |
//! | `NETRC` | the user | `vendor`, `pin`, `outdated` with `--mirror-login` | where the logins of the user are that Go is given besides; default `~/.netrc` |
//! | `HOME` | the system | the same; `bundle run` | the home of the user, where `.kube/config`, `.porter` and `.config` are |
//! | `XDG_CONFIG_HOME` | the user | `bundle run` | where settings of the user are kept, those of `--save` among them; default `~/.config` |
//! | `TMPDIR` | the user | all | where temporary files are made; default `/tmp` |
//! | `PATH` | the system | all | where `git` and the other programs are looked for that are started |
//! | `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, also lowercase | the user | what asks a server | proxies; the last only for the password in it |
//! | `NO_PROXY`, also lowercase | the user | what asks a server | the servers that are reached by none of them |
//! | `NO_COLOR` | the user | all | no colours |
//! | `CLICOLOR_FORCE` | the user | all | colours, also where no terminal is; `0` says nothing |
//! | `CLICOLOR` | the user | all | `0`: no colours |
//! | `TERM` | the terminal | all | `dumb` or unset: no colours, and no line is drawn anew |
//!
//! Steps are `install`, `upgrade`, `uninstall` and `invoke`, which Porter and `bundle run` call.
//!
//! At build time, `BACKSTACK_COMMIT` is the commit that `version` tells.

use std::path::{Path, PathBuf};

/// The folder that stands for `/` of the bundle's image.
pub const ROOT: &str = "BACKSTACK_ROOT";
/// The files of that folder that the user has given to the bundle, as a list in JSON.
pub const GIVEN: &str = "BACKSTACK_GIVEN";
/// The width of the terminal in which somebody else shows what is said here.
pub const COLUMNS: &str = "BACKSTACK_COLUMNS";
/// By what the waits are divided that only pace.
#[cfg(debug_assertions)]
pub const PACE: &str = "BACKSTACK_PACE";
/// Where mixins are installed.
pub const PORTER_HOME: &str = "PORTER_HOME";
/// How much Porter was asked to tell.
pub const PORTER_VERBOSITY: &str = "PORTER_VERBOSITY";
/// Whether Porter was asked to tell everything.
pub const PORTER_DEBUG: &str = "PORTER_DEBUG";
/// The name of the installation.
pub const INSTALLATION_NAME: &str = "PORTER_INSTALLATION_NAME";
/// The namespace of the installation, empty for the global one.
pub const INSTALLATION_NAMESPACE: &str = "PORTER_INSTALLATION_NAMESPACE";
/// The ULID of the installation, the same in all its runs.
pub const INSTALLATION_ID: &str = "PORTER_INSTALLATION_ID";

/// Kubeconfig files.
pub const KUBECONFIG: &str = "KUBECONFIG";
/// Logins by host.
pub const NETRC: &str = "NETRC";
/// The home of the user.
pub const HOME: &str = "HOME";

/// Where settings of the user are kept.
pub const CONFIG_HOME: &str = "XDG_CONFIG_HOME";
/// The shell that asks how a command line may go on.
pub const COMPLETE: &str = "BACKSTACK_COMPLETE";
/// No colours.
pub const NO_COLOR: &str = "NO_COLOR";
/// Colours everywhere.
pub const CLICOLOR_FORCE: &str = "CLICOLOR_FORCE";
/// Whether terminals get colours.
pub const CLICOLOR: &str = "CLICOLOR";
/// What the terminal is.
pub const TERM: &str = "TERM";

/// Addresses of proxies, which may hold a password.
const PROXIES: [&str; 6] = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/// The commit of this build.
pub const COMMIT: &str = match option_env!("BACKSTACK_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

/// The value of a variable; an empty one counts as unset.
#[must_use]
pub fn get(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Where an absolute path of the bundle's image (`/cnab/app/…`) is on this machine.
#[must_use]
pub fn in_image(path: &str) -> PathBuf {
    let root = get(ROOT).unwrap_or_else(|| "/".to_owned());
    Path::new(&root).join(path.trim_start_matches('/'))
}

/// The addresses of the proxies that programs and clients may use.
#[must_use]
pub fn proxies() -> Vec<String> {
    PROXIES.into_iter().filter_map(get).collect()
}

/// Whether only what must be said is said.
#[must_use]
pub fn is_quiet() -> bool {
    get(PORTER_VERBOSITY).is_some_and(|level| matches!(level.as_str(), "warn" | "error"))
}

/// Whether everything is told.
#[must_use]
pub fn is_debug() -> bool {
    get(PORTER_DEBUG).as_deref() == Some("true")
}

/// Where Porter keeps its mixins on this machine.
#[must_use]
pub fn porter_home() -> Option<PathBuf> {
    get(PORTER_HOME).map(PathBuf::from).or_else(|| get(HOME).map(|home| Path::new(&home).join(".porter")))
}

/// Where settings of the user are kept. The specification of the variable has a relative one ignored.
#[must_use]
pub fn config_home() -> Option<PathBuf> {
    let named = get(CONFIG_HOME).map(PathBuf::from).filter(|path| path.is_absolute());
    named.or_else(|| get(HOME).map(|home| Path::new(&home).join(".config")))
}
