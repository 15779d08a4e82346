//! `open`: how people reach Argo CD and Backstage, and how they log in. The password is read by whoever wants it.

mod backstage;
mod entrance;
mod kubectl;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use zeroize::Zeroizing;

use self::entrance::{Door, Entrance};
use super::current::{PATIENCE, connected};
use crate::cli::{ClusterArgs, OpenArgs};
use crate::engine::{Cluster, Deadline};
use crate::guard::part_of;
use crate::object::{ObjectRef, secret_value};
use crate::report::{Console, Failure, Outcome, OutputForm, answer, is_for_a_person, wipe};
use crate::run::{WITHOUT_NAMES, give, tell_unseen};
use crate::words::argo;

/// The part of Argo CD that people look at.
const SERVER: &str = "argocd-server";
/// The Secret with the password that Argo CD has made up for its first user.
const INITIAL: &str = "argocd-initial-admin-secret";
/// Its key.
const PASSWORD: &str = "password";
/// The port of this machine that a tunnel to Argo CD begins at.
const HERE: u16 = 8080;

/// How a hub is opened.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Opened {
    /// The way to Argo CD.
    pub argocd: Entrance,
    /// How people log in there.
    pub login: Login,
    /// The way to Backstage, where it is on the hub.
    pub backstage: Option<Entrance>,
    /// What was not looked at.
    pub not_looked_at: Vec<String>,
}

/// How people log in to Argo CD.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Login {
    /// The user with a password; nothing where the settings have none.
    pub user: Option<String>,
    /// Whether the settings let people log in by somebody else.
    pub single_sign_on: bool,
    /// Whether the first password is still kept; nothing where nobody could look.
    pub has_initial_password: Option<bool>,
    /// The command that prints it.
    pub read_password: Option<String>,
}

/// Says how the hub that the command line names is opened.
pub async fn run(args: &OpenArgs, form: Option<&str>, console: &Console) -> Outcome<()> {
    let form = OutputForm::of(form, WITHOUT_NAMES)?;
    if args.show_password && (form != OutputForm::Table || !is_for_a_person()) {
        return Err(Failure::usage(
            "--show-password prints to a terminal alone, for nobody keeps what is printed there",
        )
        .hint("leave it out: the answer has the command that reads the password"));
    }
    let cluster = connected(&args.cluster, Deadline::after(PATIENCE), console).await?;
    let opened = Opened::of(&cluster, &args.cluster).await?;
    give(form, &opened, [""; 0], || opened.tell(console))?;
    if args.show_password { show_password(&cluster).await } else { Ok(()) }
}

impl Opened {
    async fn of(cluster: &Cluster, args: &ClusterArgs) -> Outcome<Self> {
        let here = |kind: &str| ObjectRef { namespace: Some(argo::NAMESPACE.to_owned()), ..ObjectRef::of_kind(kind) };
        let settings = cluster.get(&argo::settings()).await?.ok_or_else(no_argocd)?;
        let params = ObjectRef { name: argo::PARAMS.to_owned(), ..here("v1/ConfigMap") };
        let params = cluster.get(&params).await?.unwrap_or_default();
        let mut not_looked_at = Vec::new();
        let argocd = if let Some(address) = text(&settings, "url") {
            Entrance { address, by: argo::settings().to_string(), port_forward: None }
        } else {
            let of_server = |it: Value| (part_of(&it) == SERVER).then_some(it);
            let services = cluster.list_with(&here("v1/Service"), of_server).await?;
            let service = services.first().ok_or_else(no_server)?;
            let ingresses = cluster.list(&here("networking.k8s.io/v1/Ingress")).await.unwrap_or_else(|fault| {
                not_looked_at.push(format!("whether an Ingress leads to Argo CD: {fault}"));
                Vec::new()
            });
            let is_tls = text(&params, "server.insecure").as_deref() != Some("true");
            Door { service, ingresses: &ingresses, is_tls, here: HERE }.entrance(args)
        };
        let initial = ObjectRef { name: INITIAL.to_owned(), ..here("v1/Secret") };
        let kept = match cluster.metadata(&initial).await {
            Ok(found) => Some(found.is_some()),
            Err(fault) => {
                not_looked_at.push(format!("whether the first password is still kept: {fault}"));
                None
            }
        };
        let backstage = backstage::find(cluster, args).await.unwrap_or_else(|fault| {
            not_looked_at.push(format!("whether Backstage is on the hub: {fault}"));
            None
        });
        Ok(Self { argocd, login: Login::of(&settings, kept, args), backstage, not_looked_at })
    }

    fn tell(&self, console: &Console) {
        tell_entrance("Argo CD", &self.argocd, console);
        for line in self.login.lines() {
            console.say(line);
        }
        if let Some(it) = &self.backstage {
            tell_entrance("Backstage", it, console);
        }
        tell_unseen(&self.not_looked_at, console);
    }
}

fn tell_entrance(program: &str, entrance: &Entrance, console: &Console) {
    console.say(format!("{program:<10} {}  (by {})", entrance.address, entrance.by));
    if let Some(line) = &entrance.port_forward {
        console.say(format!("           after: {line}"));
    }
}

impl Login {
    fn of(settings: &Value, has_initial_password: Option<bool>, args: &ClusterArgs) -> Self {
        let user = (text(settings, "admin.enabled").as_deref() != Some("false")).then(|| "admin".to_owned());
        let line =
            format!("-n {} get secret {INITIAL} -o jsonpath='{{.data.{PASSWORD}}}' | base64 -d", argo::NAMESPACE);
        Self {
            single_sign_on: ["oidc.config", "dex.config"].iter().any(|key| text(settings, key).is_some()),
            has_initial_password,
            read_password: (user.is_some() && has_initial_password != Some(false)).then(|| kubectl::line(args, &line)),
            user,
        }
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        match &self.user {
            Some(user) => lines.push(format!("user       {user}")),
            None => lines.push("user       none has a password: the settings say `admin.enabled: false`".to_owned()),
        }
        if let Some(line) = &self.read_password {
            lines.push(format!("password   {line}"));
        } else if self.user.is_some() {
            lines.push(format!(
                "password   the one that somebody has set: Secret {}/{INITIAL} with the first one is gone, as it should be",
                argo::NAMESPACE
            ));
        }
        if self.has_initial_password == Some(true) && self.user.is_some() {
            lines.push(format!(
                "           it is the first one: set another (`argocd account update-password`), then delete Secret {}/{INITIAL}",
                argo::NAMESPACE
            ));
        }
        if self.single_sign_on {
            lines.push("           or by single sign-on, as the settings have it".to_owned());
        }
        lines
    }
}

/// Prints the first password to a terminal, and nowhere else.
async fn show_password(cluster: &Cluster) -> Outcome<()> {
    let initial = ObjectRef::new("v1", "Secret", Some(argo::NAMESPACE), INITIAL);
    let mut secret = cluster.get(&initial).await?.ok_or_else(|| {
        Failure::failed(format!("{initial} is gone: the first password is kept nowhere else"))
            .hint("somebody has deleted it, as they should; who has forgotten the password resets it in Secret argocd/argocd-secret")
    })?;
    let password = secret_value(&secret, PASSWORD).map(Zeroizing::new);
    wipe(&mut secret);
    let text = password.as_ref().and_then(|it| std::str::from_utf8(it).ok()).filter(|it| !it.is_empty());
    let text = text.ok_or_else(|| Failure::failed(format!("{initial} has no key `{PASSWORD}` that is text")))?;
    answer(&Zeroizing::new(format!("{text}\n")))
}

fn no_argocd() -> Failure {
    Failure::failed(format!("there is no Argo CD on this cluster: {} does not exist", argo::settings()))
        .hint("name the hub's cluster by --kubeconfig and --context")
}

fn no_server() -> Failure {
    Failure::failed(format!(
        "this Argo CD has no page: there is no Service of {SERVER} in namespace {}",
        argo::NAMESPACE
    ))
    .hint("it is a core installation; `argocd admin dashboard` shows the page from your machine")
}

/// A setting; nothing of one that is empty.
fn text(map: &Value, key: &str) -> Option<String> {
    map.get("data")?.get(key)?.as_str().map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines(settings: &Value, kept: Option<bool>) -> String {
        Login::of(&json!({"data": settings}), kept, &ClusterArgs::default()).lines().join("\n")
    }

    #[test]
    fn how_to_log_in_depends_on_what_is_set_and_on_what_is_still_kept() {
        let read =
            "kubectl -n argocd get secret argocd-initial-admin-secret -o jsonpath='{.data.password}' | base64 -d";
        let first = lines(&json!({}), Some(true));
        assert!(first.contains("admin") && first.contains(read) && first.contains("set another"), "{first}");
        let gone = lines(&json!({}), Some(false));
        assert!(!gone.contains("kubectl") && gone.contains("is gone"), "{gone}");
        let unseen = lines(&json!({}), None);
        assert!(unseen.contains(read) && !unseen.contains("set another"), "{unseen}");
        let without = lines(&json!({"admin.enabled": "false", "oidc.config": "issuer: x"}), Some(true));
        assert!(
            without.contains("none has a password") && without.contains("single sign-on") && !without.contains(read),
            "{without}"
        );
    }
}
