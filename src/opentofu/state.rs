//! What the program remembers of what it has made.

use std::fs;
use std::fs::{File, Permissions};
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

use super::workplace::OpenTofu;
use crate::input::bytes_of;
use crate::process::write_private;
use crate::report::{Failure, Outcome};

/// What is in a state, without the values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Its identity: a state of another one is of other resources.
    pub lineage: String,
    /// How often it was written.
    pub serial: u64,
    /// The addresses of the resources that it manages.
    pub resources: Vec<String>,
}

/// What every state has in clear, also one that is encrypted.
#[derive(Deserialize)]
struct Head {
    lineage: String,
    serial: u64,
}

impl OpenTofu<'_> {
    /// Lays down an empty state where a file is to have it and there is none; says whether it did. For whoever is about to make
    /// something: without one, what a run has written half-way would hold the last resource alone (1.12.6, seen: killed after 26 s
    /// of a first apply, its state listed one resource of three).
    pub fn begin_state(&self) -> Outcome<bool> {
        match &self.setup.state {
            Some(file) if read(file)?.is_none() => self.write_empty(file).map(|()| true),
            _ => Ok(false),
        }
    }

    fn write_empty(&self, file: &Path) -> Outcome<()> {
        let failed = |error: io::Error| {
            Failure::failed(format!("failed to write the state {}: {error}", file.display()))
                .hint("its folder has to be there and writable: nothing may be made that cannot be remembered")
        };
        let lineage = identity().map_err(failed)?;
        let empty = json!({
            "version": 4, "terraform_version": self.version, "serial": 1, "lineage": lineage, "outputs": {}, "resources": [],
        });
        write_private(file, empty.to_string().as_bytes()).map_err(failed)
    }

    /// What the state holds; nothing where there is none.
    pub async fn state(&self) -> Outcome<Option<State>> {
        let head = match &self.setup.state {
            Some(file) => read(file)?,
            None => self.pull().await?,
        };
        let Some(Head { lineage, serial }) = head else { return Ok(None) };
        let argument = self.state_argument();
        let ended = self.ask(["state", "list", "-no-color"].into_iter().chain(argument.as_deref())).await?;
        if !ended.status.success() {
            return Err(Failure::failed("the state of OpenTofu cannot be read")
                .details(ended.stderr.lines())
                .hint("nothing was changed; a state that is encrypted needs the key by which it was written"));
        }
        let resources = ended.text().lines().filter(|address| !is_data(address)).map(str::to_owned).collect();
        Ok(Some(State { lineage, serial, resources }))
    }

    async fn pull(&self) -> Outcome<Option<Head>> {
        let ended = self.ask(["state", "pull", "-no-color"]).await?;
        let text = Zeroizing::new(ended.stdout);
        let head: Option<Head> = serde_json::from_slice(&text).ok().filter(|_| ended.status.success());
        // One that was never written has no identity.
        head.map(|head| Some(head).filter(|it| !it.lineage.is_empty())).ok_or_else(|| {
            Failure::failed("the backend of the module does not give the state")
                .details(ended.stderr.lines())
                .hint("nothing was changed; look at the backend and at what logs in to it")
        })
    }
}

/// Refuses a file that holds something else; what is there is for nobody else to read from now on.
pub(super) fn check(file: &Path) -> Outcome<()> {
    if read(file)?.is_some() {
        // Of another user's file the mode is theirs.
        let _ = fs::set_permissions(file, Permissions::from_mode(0o600));
    }
    Ok(())
}

/// An empty file is what a killed run has left, and no state.
fn read(file: &Path) -> Outcome<Option<Head>> {
    let text = match bytes_of(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        other => other.map(Zeroizing::new),
    };
    let text = text.map_err(|error| {
        Failure::failed(format!("cannot read the state {}: {error}", file.display())).hint("nothing was changed")
    })?;
    if text.trim_ascii().is_empty() {
        return Ok(None);
    }
    serde_json::from_slice(&text).map(Some).map_err(|_| {
        Failure::failed(format!("{} is no state of OpenTofu", file.display())).hint(
            "nothing was changed; put the state of the last run there: without it nobody knows what that has made",
        )
    })
}

/// Whether an address is of a data source, which only reads.
fn is_data(address: &str) -> bool {
    let mut rest = address;
    while let Some(inside) = rest.strip_prefix("module.") {
        rest = after_step(inside);
    }
    rest.starts_with("data.")
}

/// What follows the name of a module, with its key in brackets, and a dot.
fn after_step(address: &str) -> &str {
    let (mut is_text, mut is_escaped, mut is_key) = (false, false, false);
    for (at, character) in address.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if is_text => is_escaped = true,
            '"' => is_text = !is_text,
            '[' if !is_text => is_key = true,
            ']' if !is_text => is_key = false,
            '.' if !is_text && !is_key => return &address[at + 1..],
            _ => {}
        }
    }
    ""
}

/// A random UUID (RFC 9562, version 4).
fn identity() -> io::Result<String> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    Ok(parts.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_sources_are_told_by_their_address() {
        for address in
            ["data.a.b", "module.x.data.a.b", "module.x[\"a.b\"].module.y[0].data.a.b", r#"module.x["\"].c"].data.a.b"#]
        {
            assert!(is_data(address), "{address}");
        }
        for address in ["a.b", "module.data.a.b", "module.x[\"y.data.a\"].a.b", "database.data", r#"a.b["data.c"]"#] {
            assert!(!is_data(address), "{address}");
        }
    }

    #[test]
    fn an_identity_is_a_uuid_and_new() {
        let (one, other) = (identity().expect("random"), identity().expect("random"));
        assert_ne!(one, other);
        let pattern = regex::Regex::new("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$");
        assert!(pattern.expect("a pattern").is_match(&one), "{one}");
    }

    #[test]
    fn a_file_that_is_no_state_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("terraform.tfstate");
        assert!(read(&file).expect("none").is_none());
        for (text, is_state) in
            [("", None), ("\n", None), (r#"{"lineage":"x","serial":3,"encrypted_data":"y"}"#, Some(3))]
        {
            fs::write(&file, text).expect("written");
            assert_eq!(read(&file).expect(text).map(|it| it.serial), is_state);
        }
        for text in ["garbage", "{}", "[1]"] {
            fs::write(&file, text).expect("written");
            let failure = check(&file).expect_err(text);
            assert!(failure.message.ends_with("terraform.tfstate is no state of OpenTofu"), "{failure}");
        }
    }
}
