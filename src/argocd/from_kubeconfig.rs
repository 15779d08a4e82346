//! What a kubeconfig says of a cluster, in the words of Argo CD; or which of its fields have none there. Pure.
//!
//! Argo CD knows less than a kubeconfig: it reads no file of the machine that the kubeconfig is from, and runs no program but
//! those of its own image. A field that it would not go by is named, with what to do, and never left out in silence.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::cluster_config::ClusterConfig;
use crate::object::str_at;
use crate::report::{Failure, Outcome};
use crate::schema::address;

/// The program of Argo CD's image that logs in to clouds (argo-cd 3.6.1, `cmd/argocd-k8s-auth`), and the clouds.
const PROGRAM: &str = "argocd-k8s-auth";
const CLOUDS: [&str; 3] = ["aws", "azure", "gcp"];
/// What takes a file into the kubeconfig.
const EMBED: &str = "take the file in, by `kubectl config view --raw --flatten`";
/// What needs nothing of the kubeconfig but the way to the cluster.
const ACCOUNT: &str = "`login: account` needs none of it";

/// What Argo CD is to take from a kubeconfig.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// The way to the cluster, and nothing that logs in.
    Way,
    /// The same with a token, a certificate or a password.
    Login,
    /// The same, or a program of Argo CD's image.
    LoginOrProgram,
}

/// One cluster with one user, as a context of a kubeconfig names them.
#[derive(Debug)]
pub struct Context<'k> {
    user_name: &'k str,
    cluster_name: &'k str,
    cluster: &'k Map<String, Value>,
    user: &'k Map<String, Value>,
}

impl<'k> Context<'k> {
    /// The named context of a kubeconfig, or its current one. `shown` is what the kubeconfig is called in a failure.
    pub fn of(kubeconfig: &'k Value, context: Option<&str>, shown: &str) -> Outcome<Self> {
        let wrong = |what: String| {
            Failure::usage(format!("the kubeconfig {shown} {what}; nothing was changed"))
                .hint("check that it is a whole kubeconfig, and that `context` names a context of it")
        };
        let current = str_at(kubeconfig, "/current-context");
        let context = context.filter(|it| !it.is_empty()).unwrap_or(current);
        if context.is_empty() {
            return Err(wrong("has no current context, and the step names none".to_owned()));
        }
        let entry = |list: &str, name: &str| {
            let all = kubeconfig.get(list).and_then(Value::as_array).into_iter().flatten();
            all.into_iter().find(|it| str_at(it, "/name") == name)
        };
        let found = entry("contexts", context).ok_or_else(|| wrong(format!("has no context `{context}`")))?;
        let part = |list: &str, noun: &str| {
            let name = str_at(found, &format!("/context/{noun}"));
            let part = entry(list, name).and_then(|it| it.get(noun)).and_then(Value::as_object);
            part.ok_or_else(|| wrong(format!("has no {noun} `{name}`, which its context `{context}` names")))
        };
        Ok(Self {
            user_name: str_at(found, "/context/user"),
            cluster_name: str_at(found, "/context/cluster"),
            cluster: part("clusters", "cluster")?,
            user: part("users", "user")?,
        })
    }

    /// The address, without a slash at the end: as Argo CD keeps it.
    #[must_use]
    pub fn server(&self) -> &'k str {
        self.cluster.get("server").and_then(Value::as_str).unwrap_or_default().trim().trim_end_matches('/')
    }

    /// What Argo CD is told. Refuses every field that it would not go by, all at once.
    pub fn config(&self, take: Take, allow_insecure: bool) -> Outcome<ClusterConfig> {
        let mut wrong = Vec::new();
        let mut fields = Fields::default();
        self.way(&mut fields, allow_insecure, &mut wrong);
        if take != Take::Way {
            self.login(&mut fields, take, &mut wrong);
        }
        if wrong.is_empty() {
            return Ok(fields.config());
        }
        let count = wrong.len();
        let noun = if count == 1 { "field" } else { "fields" };
        let failure =
            Failure::refused(format!("Argo CD cannot go by {count} {noun} of the kubeconfig; nothing was changed"));
        Err(failure.details(wrong).hint(if take == Take::Way {
            "give the step a kubeconfig without them"
        } else {
            "give the step a kubeconfig without them, or leave `login` at `account`"
        }))
    }

    fn way(&self, fields: &mut Fields, allow_insecure: bool, wrong: &mut Vec<String>) {
        let mut say = |key: &str, why: &str| wrong.push(format!("cluster {}: `{key}` {why}", self.cluster_name));
        let server = self.server();
        if let Some((kind, _)) = address::secret_in(server) {
            say("server", &format!("holds {kind}: leave it out, what logs in is the user's"));
        } else if !server.starts_with("https://") {
            say("server", "is no address that begins with https://");
        }
        let authority = self.cluster.get("certificate-authority-data").filter(|data| !is_absent(data));
        for (key, value) in self.cluster.iter().filter(|(_, value)| !is_absent(value)) {
            match (key.as_str(), value) {
                ("server" | "extensions", _) | ("insecure-skip-tls-verify", Value::Bool(false)) => {}
                ("certificate-authority-data", Value::String(data)) if is_pem(data) => fields.pem("caData", data),
                ("certificate-authority-data", _) => say(key, "is no certificate in PEM and base64"),
                ("certificate-authority", _) => say(key, &format!("is a file, which Argo CD does not have: {EMBED}")),
                ("insecure-skip-tls-verify", Value::Bool(true)) if authority.is_some() => {
                    say(key, "and `certificate-authority-data` exclude each other: keep one");
                }
                ("insecure-skip-tls-verify", Value::Bool(true)) if allow_insecure => fields.tls("insecure", value),
                ("insecure-skip-tls-verify", _) => say(
                    key,
                    "has whoever answers taken for the cluster: give it `certificate-authority-data`, or let it by \
                     `allowInsecure: true`",
                ),
                ("tls-server-name", Value::String(_)) => fields.tls("serverName", value),
                ("proxy-url", Value::String(url)) if is_proxy(url) => fields.plain("proxyUrl", value),
                ("proxy-url", _) => say(key, "is no address of http, https or socks5"),
                ("disable-compression", Value::Bool(_)) => fields.plain("disableCompression", value),
                _ => say(key, "means nothing to Argo CD: leave it out"),
            }
        }
    }

    fn login(&self, fields: &mut Fields, take: Take, wrong: &mut Vec<String>) {
        let mut say = |key: &str, why: &str| wrong.push(format!("user {}: `{key}` {why}", self.user_name));
        let has = |key: &str| self.user.get(key).is_some_and(|it| !is_absent(it));
        for (key, value) in self.user.iter().filter(|(_, value)| !is_absent(value)) {
            match (key.as_str(), value) {
                ("token", Value::String(token)) => fields.plain("bearerToken", &token.trim().into()),
                ("username" | "password", Value::String(_)) => fields.plain(key, value),
                ("client-certificate-data", Value::String(data)) if is_pem(data) => fields.pem("certData", data),
                ("client-key-data", Value::String(data)) if is_pem(data) => fields.pem("keyData", data),
                ("client-certificate-data" | "client-key-data", _) => say(key, "is no PEM in base64"),
                ("client-certificate" | "client-key", _) => {
                    say(key, &format!("is a file, which Argo CD does not have: {EMBED}"));
                }
                ("tokenFile", _) => {
                    say(key, &format!("is a file that others renew, and Argo CD would keep the old token: {ACCOUNT}"));
                }
                ("auth-provider", _) => say(key, &format!("is gone from Kubernetes, and has no form here: {ACCOUNT}")),
                ("as" | "as-uid" | "as-groups" | "as-user-extra", _) => {
                    say(key, &format!("has it act as somebody else, which Argo CD cannot: {ACCOUNT}"));
                }
                ("exec", Value::Object(exec)) if take == Take::LoginOrProgram => match program(exec) {
                    Ok(program) => fields.plain("execProviderConfig", &program),
                    Err(why) => say(key, &why),
                },
                ("exec", _) => say(key, &format!("is a program, and none is taken here: {ACCOUNT}")),
                ("extensions", _) => {}
                _ => say(key, "means nothing to Argo CD: leave it out"),
            }
        }
        for (one, other) in
            [("token", "username"), ("exec", "token"), ("exec", "username"), ("exec", "client-certificate-data")]
        {
            if has(one) && has(other) {
                say(one, &format!("and `{other}` both log in: keep one"));
            }
        }
        for (one, other) in [
            ("client-certificate-data", "client-key-data"),
            ("client-key-data", "client-certificate-data"),
            ("username", "password"),
            ("password", "username"),
        ] {
            if has(one) && !has(other) {
                say(one, &format!("is of no use without `{other}`"));
            }
        }
        let ways = [
            "token",
            "tokenFile",
            "username",
            "client-certificate-data",
            "client-certificate",
            "exec",
            "auth-provider",
        ];
        if !ways.into_iter().any(has) {
            wrong.push(format!("user {}: nothing of it logs in; {ACCOUNT}", self.user_name));
        }
    }
}

/// What Argo CD runs, where its image has it.
fn program(exec: &Map<String, Value>) -> Result<Value, String> {
    let text = |key: &str| exec.get(key).and_then(Value::as_str).unwrap_or_default();
    let args = entries(exec, "args", Value::as_str, "is no text: put it in quotes")?;
    let is_known = text("command") == PROGRAM && args.first().is_some_and(|cloud| CLOUDS.contains(cloud));
    if !is_known {
        let clouds = CLOUDS.join("`, `");
        return Err(format!(
            "runs `{}`, which the image of Argo CD does not have. It has `{PROGRAM}`, with `{clouds}` as its first word; or {ACCOUNT}",
            text("command")
        ));
    }
    if text("apiVersion").is_empty() {
        return Err("has no `apiVersion`, such as client.authentication.k8s.io/v1".to_owned());
    }
    if exec.get("provideClusterInfo") == Some(&Value::Bool(true)) {
        return Err(format!("has `provideClusterInfo`, which `{PROGRAM}` does not read: leave it out"));
    }
    let mut program = json!({"command": PROGRAM, "args": args, "apiVersion": text("apiVersion")});
    let setting = |it: &Value| {
        let name = it.get("name")?.as_str().filter(|name| !name.is_empty())?;
        Some((name.to_owned(), Value::from(it.get("value")?.as_str()?)))
    };
    let settings = entries(exec, "env", setting, "is no setting with a `name` and a `value` in text")?;
    let settings: Map<String, Value> = settings.into_iter().collect();
    if !settings.is_empty() {
        program["env"] = Value::Object(settings);
    }
    Ok(program)
}

/// The entries of a list of a program; the first that cannot be read is named by its place, and its value is not.
fn entries<'e, T>(
    exec: &'e Map<String, Value>,
    key: &str,
    read: impl Fn(&'e Value) -> Option<T>,
    why: &str,
) -> Result<Vec<T>, String> {
    let all = match exec.get(key) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(all)) => all,
        Some(_) => return Err(format!("has `{key}`, which is no list")),
    };
    let read = |(index, it)| read(it).ok_or_else(|| format!("has `{key}[{index}]`, which {why}"));
    all.iter().enumerate().map(read).collect()
}

/// The fields of a `config`, as they come together.
#[derive(Default)]
struct Fields {
    plain: Map<String, Value>,
    tls: Map<String, Value>,
}

impl Fields {
    fn plain(&mut self, key: &str, value: &Value) {
        self.plain.insert(key.to_owned(), value.clone());
    }

    fn tls(&mut self, key: &str, value: &Value) {
        self.tls.insert(key.to_owned(), value.clone());
    }

    /// Base64 may have lines in a kubeconfig, and has none here.
    fn pem(&mut self, key: &str, data: &str) {
        self.tls.insert(key.to_owned(), without_lines(data).as_str().into());
    }

    fn config(mut self) -> ClusterConfig {
        self.tls.entry("insecure").or_insert(Value::Bool(false));
        self.plain.insert("tlsClientConfig".to_owned(), Value::Object(self.tls));
        ClusterConfig::of(self.plain)
    }
}

/// Templates write an empty text for what is not there.
fn is_absent(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

fn is_pem(data: &str) -> bool {
    let bytes = STANDARD.decode(without_lines(data).as_bytes()).map(Zeroizing::new);
    bytes.is_ok_and(|bytes| str::from_utf8(&bytes).is_ok_and(|text| text.contains("-----BEGIN ")))
}

fn without_lines(data: &str) -> Zeroizing<String> {
    Zeroizing::new(data.split_whitespace().collect())
}

fn is_proxy(url: &str) -> bool {
    ["http://", "https://", "socks5://"].iter().any(|scheme| url.starts_with(scheme))
}

#[cfg(test)]
mod tests;
