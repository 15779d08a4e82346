//! A real forge: accounts, rights, keys, protected branches. All methods block.

use std::path::PathBuf;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::git::{self, Credential};
use crate::loopback;

/// How it is reached.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Gitea {
    /// The port of its pages and of its API.
    pub port: u16,
    /// Its SSH server, as addresses begin.
    pub ssh: String,
    /// The line of that server for a `known_hosts` file.
    pub known_hosts: String,
    /// Who may do everything.
    pub keeper: Credential,
    /// Its log.
    pub log: PathBuf,
}

impl Gitea {
    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Makes an account with a name that nobody else has, and an address of `example.org`.
    pub fn account(&self) -> Result<Credential> {
        let account = Credential { username: format!("a{}", &git::password()?[..12]), password: git::password()? };
        let Credential { username, password } = &account;
        let document = json!({
            "username": username,
            "email": format!("{username}@example.org"),
            "password": password,
            "must_change_password": false,
        });
        self.ask(&self.keeper, "POST", "admin/users", &document)?;
        Ok(account)
    }

    /// Asks its API as somebody for a text.
    pub fn ask_for_text(&self, who: &Credential, path: &str) -> Result<String> {
        let answer = loopback::ask(self.port, "GET", &format!("/api/v1/{path}"), &login(who), None)?;
        Ok(String::from_utf8(answer)?)
    }

    /// Asks its API as somebody; any answer but success is an error.
    pub fn ask(&self, who: &Credential, method: &str, path: &str, document: &Value) -> Result<Value> {
        let path = format!("/api/v1/{path}");
        // A body that it does not expect is one that it does not read, and then it ends the connection.
        let body = (!document.is_null()).then(|| serde_json::to_vec(document)).transpose()?;
        let answer = loopback::ask(self.port, method, &path, &login(who), body.as_deref())
            .with_context(|| format!("Gitea, whose log is {}", self.log.display()))?;
        // Of what is gone, or let through, there is nothing to say.
        Ok(if answer.is_empty() { Value::Null } else { serde_json::from_slice(&answer)? })
    }
}

fn login(who: &Credential) -> String {
    format!("Basic {}", STANDARD.encode(format!("{}:{}", who.username, who.password)))
}
