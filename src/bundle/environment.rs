//! The environment of a mixin, as it was recorded from the real Porter: these variables and no others, but `PATH`.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use sha2::{Digest as _, Sha256};

use super::manifest::Header;
use super::stage::{APP, HOME, Stage};
use crate::env;

/// The version of the claims specification that Porter 1.6 tells a bundle.
const CLAIMS_VERSION: &str = "1.0.0-DRAFT+b5ed2f3";

/// Variables that the runtime sets itself. A value of the bundle must not stand in their place.
const OF_RUNTIME: [&str; 19] = [
    "CNAB_ACTION",
    "CNAB_BUNDLE_NAME",
    "CNAB_BUNDLE_VERSION",
    "CNAB_CLAIMS_VERSION",
    "CNAB_INSTALLATION_NAME",
    "CNAB_REVISION",
    "HOME",
    "PATH",
    "PORTER_CORRELATION_ID",
    env::PORTER_DEBUG,
    env::PORTER_HOME,
    env::INSTALLATION_ID,
    env::INSTALLATION_NAME,
    env::INSTALLATION_NAMESPACE,
    env::PORTER_VERBOSITY,
    "PWD",
    "SHLVL",
    env::ROOT,
    env::GIVEN,
];
/// Variables by which the system's loader is told what to load, what to write and not to run at all (`ld.so(8)`), and those
/// of ssh that name an agent or a program (`ssh(1)`, `ssh-agent(1)`).
const OF_PROGRAMS: [&str; 17] = [
    "GLIBC_TUNABLES",
    "LD_AUDIT",
    "LD_DEBUG",
    "LD_DEBUG_OUTPUT",
    "LD_LIBRARY_PATH",
    "LD_ORIGIN_PATH",
    "LD_PRELOAD",
    "LD_PROFILE",
    "LD_PROFILE_OUTPUT",
    "LD_TRACE_LOADED_OBJECTS",
    "SSH_AGENT_PID",
    "SSH_ASKPASS",
    "SSH_ASKPASS_REQUIRE",
    "SSH_AUTH_SOCK",
    "SSH_PKCS11_HELPER",
    "SSH_SK_HELPER",
    "SSH_SK_PROVIDER",
];
/// Those of the loader of macOS.
const OF_DYLD: &str = "DYLD_";

/// Whether a variable is not a bundle's to set.
pub(super) fn is_own(variable: &str) -> bool {
    OF_RUNTIME.contains(&variable) || OF_PROGRAMS.contains(&variable) || variable.starts_with(OF_DYLD)
}

/// The variables that do not depend on the values given to the bundle.
pub(super) fn environment(
    stage: &Stage,
    header: &Header,
    action: &str,
    installation: &str,
) -> BTreeMap<String, String> {
    let place = |path: &str| stage.place(path).to_string_lossy().into_owned();
    let inherited = |name: &str, default: &str| env::get(name).unwrap_or_else(|| default.to_owned());
    let variables = [
        ("CNAB_ACTION", action.to_owned()),
        ("CNAB_BUNDLE_NAME", header.name.clone()),
        ("CNAB_BUNDLE_VERSION", header.version.clone()),
        ("CNAB_CLAIMS_VERSION", CLAIMS_VERSION.to_owned()),
        ("CNAB_INSTALLATION_NAME", format!("/{installation}")),
        ("CNAB_REVISION", unique("revision")),
        ("HOME", place(HOME)),
        ("PATH", inherited("PATH", "/usr/local/bin:/usr/bin:/bin")),
        ("PORTER_CORRELATION_ID", unique("correlation")),
        (env::PORTER_DEBUG, inherited(env::PORTER_DEBUG, "false")),
        (env::PORTER_HOME, place(APP)),
        (env::INSTALLATION_ID, lasting(&header.name, installation)),
        (env::INSTALLATION_NAME, installation.to_owned()),
        (env::INSTALLATION_NAMESPACE, String::new()),
        (env::PORTER_VERBOSITY, inherited(env::PORTER_VERBOSITY, "info")),
        ("PWD", place(APP)),
        ("SHLVL", "0".to_owned()),
        (env::ROOT, stage.root().to_string_lossy().into_owned()),
    ];
    variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The id of an installation must be the same in all its runs. Porter stores one; here it follows from the names.
fn lasting(bundle: &str, installation: &str) -> String {
    ulid(first_bits(&Sha256::digest(format!("{bundle}\n{installation}"))))
}

/// An id that is used once: 48 bits of time, then 80 that depend on the process and the clock.
fn unique(purpose: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let rest = Sha256::digest(format!("{purpose}\n{}\n{}", std::process::id(), now.as_nanos()));
    ulid((now.as_millis() << 80) | (first_bits(&rest) >> 48))
}

fn first_bits(digest: &[u8]) -> u128 {
    digest.iter().take(16).fold(0, |bits, byte| (bits << 8) | u128::from(*byte))
}

/// 128 bits in 26 characters of Crockford's alphabet, the most significant first.
fn ulid(bits: u128) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    (0..26).rev().map(|position| char::from(ALPHABET[(bits >> (position * 5)) as usize % 32])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_the_runtime_sets_is_its_own() {
        let folder = tempfile::tempdir().expect("a folder");
        let stage = Stage::set(folder.path(), []).expect("set");
        let header = serde_json::from_str::<Header>(r#"{"name": "t"}"#).expect("a header");
        let set = environment(&stage, &header, "install", "t");
        let foreign: Vec<&String> = set.keys().filter(|name| !is_own(name)).collect();
        assert!(foreign.is_empty(), "{foreign:?}");
    }

    #[test]
    fn an_id_is_a_ulid() {
        assert_eq!(ulid(u128::MAX), "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
        assert_eq!(ulid(0), "00000000000000000000000000");
        assert_eq!(lasting("hub", "a"), lasting("hub", "a"));
        assert_ne!(lasting("hub", "a"), lasting("hub", "b"));
        assert_ne!(unique("a"), unique("b"));
    }
}
