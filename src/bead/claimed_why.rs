//! What has become of an object that is to be a spoke: the questions that the policy asks, in its order, with the answer for
//! people. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::argocd::Spokes;
use crate::document::{CLUSTER_FIELDS, ClaimedSpoke, LOGINS, LONGEST_NAME};
use crate::object::{is_being_deleted, items, name, owners, secret_value, str_at, uid};
use crate::report::wipe;
use crate::words::argo;
use crate::words::kyverno::TRIGGER;
use crate::words::spoke::{self, OFF, REGISTRATION, Standing};
use crate::yaml;

/// What has become of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is a spoke.
    Spoke(Standing),
    /// It is none, and will be none as it is.
    Refused(String),
    /// Nothing is in the way: Kyverno has not looked yet, or could not write.
    Waiting,
}

/// An object that is to be a spoke, with all that decides about it.
pub struct Ordered<'o> {
    /// The object.
    pub object: &'o Value,
    /// What its bead says.
    pub spoke: &'o ClaimedSpoke,
    /// The Secrets that Crossplane says it has composed for it, as far as they are there.
    pub secrets: &'o [Value],
    /// The clusters that the hub knows.
    pub known: &'o Spokes,
}

/// The name of the spoke that an object becomes.
pub fn spoke_of(object: &Value) -> String {
    format!("{}-{}", str_at(object, "/metadata/namespace"), name(object))
}

/// The names of the Secrets that Crossplane says it has composed for an object.
pub fn composed(object: &Value) -> impl Iterator<Item = &str> {
    let all = items(object, "/spec/crossplane/resourceRefs");
    let is_secret = |it: &&Value| str_at(it, "/kind") == "Secret" && str_at(it, "/apiVersion") == "v1";
    all.filter(is_secret).map(|it| str_at(it, "/name"))
}

impl Ordered<'_> {
    /// What has become of it.
    pub fn fate(&self) -> Fate {
        match self.refusal() {
            Err(Some(why)) => Fate::Refused(why),
            Err(None) => Fate::Waiting,
            Ok(standing) => Fate::Spoke(standing),
        }
    }

    /// How far the spoke is; or why there is none, `None` where nothing is in the way.
    fn refusal(&self) -> Result<Standing, Option<String>> {
        let (spoke, refused) = (spoke_of(self.object), |why: &str| Err(Some(why.to_owned())));
        let secret = spoke::secret(&spoke);
        let there = self.known.all.iter().find(|it| it.secret.object == secret);
        let made_of = there.map(|it| it.labels.get(TRIGGER).map_or("", String::as_str));
        let own = match (there, made_of) {
            (Some(it), Some(made_of)) if made_of == uid(self.object) => Some(it),
            (Some(_), Some("")) => return refused(&format!("{secret} is there, and somebody else has made it")),
            (Some(_), Some(_)) => {
                return refused(&format!(
                    "{secret} is of an object of this name that is gone: take the spoke {spoke} out, then write the object"
                ));
            }
            _ => None,
        };
        let cluster = match (self.cluster(&spoke), own) {
            (Ok(cluster), _) => cluster,
            (Err(_), Some(own)) => return Ok(own.standing), // it stays as it is
            (Err(why), None) => return Err(Some(why)),
        };
        match own {
            Some(own) if own.server == cluster => Ok(own.standing),
            Some(own) => refused(&format!(
                "its kubeconfig leads to another address than {}, where the spoke is: take the spoke {spoke} out first",
                own.address()
            )),
            None => match self.known.all.iter().find(|it| it.server == cluster || it.name == spoke) {
                Some(other) => refused(&format!("{} has its address or its name", other.secret.object)),
                None => Err(None),
            },
        }
    }

    /// The address of the cluster that would be registered; or why none would be.
    fn cluster(&self, spoke: &str) -> Result<String, String> {
        let object = self.object;
        if is_being_deleted(object) {
            return Err("it is being deleted".to_owned());
        }
        if object.pointer("/metadata/labels").and_then(|it| it.get(REGISTRATION)).is_some_and(|it| it == OFF) {
            return Err(format!("its label {REGISTRATION} is {OFF}"));
        }
        if str_at(object, "/metadata/namespace").is_empty() {
            return Err("it has no namespace".to_owned());
        }
        if spoke.len() > LONGEST_NAME || spoke.contains('.') {
            return Err(format!("`{spoke}` has a dot or is longer than {LONGEST_NAME}, and would be the spoke's name"));
        }
        let is_its = |secret: &&Value| {
            owners(secret).any(|owner| str_at(owner, "/uid") == uid(object) && owner["controller"] == true)
                && secret["data"].get(&self.spoke.key).is_some()
        };
        let key = &self.spoke.key;
        let secret = match self.secrets.iter().filter(is_its).collect::<Vec<_>>()[..] {
            [secret] => secret,
            [] => return Err(format!("there is no Secret of its composition with the key `{key}` yet")),
            _ => return Err(format!("more than one Secret of its composition has the key `{key}`")),
        };
        let data = secret_value(secret, key).unwrap_or_default();
        let text = Zeroizing::new(String::from_utf8(data).unwrap_or_default());
        let nothing = || format!("`{key}` of Secret {} is no kubeconfig", name(secret));
        // A mistake may quote the text, so nothing of it is told.
        let mut documents = yaml::manifests("kubeconfig", &text).map_err(|_| nothing())?;
        let taken = documents.first().map(taken);
        documents.iter_mut().for_each(wipe);
        taken.unwrap_or_else(|| Err(nothing()))
    }
}

/// The address that a kubeconfig leads to; or the field that is not taken.
fn taken(kubeconfig: &Value) -> Result<String, String> {
    let context = part(kubeconfig, "contexts", "context", str_at(kubeconfig, "/current-context"));
    let of = |noun: &str| context.and_then(|it| it.get(noun)?.as_str()).unwrap_or_default();
    let cluster =
        part(kubeconfig, "clusters", "cluster", of("cluster")).ok_or("its kubeconfig has no current context")?;
    let user = part(kubeconfig, "users", "user", of("user")).ok_or("its kubeconfig has no current context")?;
    if let Some(field) = cluster.keys().find(|it| !CLUSTER_FIELDS.contains(&it.as_str())) {
        return Err(format!("`{field}` of the cluster in its kubeconfig is not taken"));
    }
    if !LOGINS.iter().any(|fields| user.len() == fields.len() && fields.iter().all(|it| user.contains_key(*it))) {
        let foreign = user.keys().find(|it| !LOGINS.iter().any(|fields| fields.contains(&it.as_str())));
        let what = foreign.map_or("what logs in".to_owned(), |it| format!("`{it}`"));
        return Err(format!(
            "{what} of the user in its kubeconfig is not taken: a token, or a certificate with its key, is"
        ));
    }
    let is_text = |(_, it): &(&String, &Value)| it.is_string();
    let all = cluster.iter().filter(|(key, _)| *key != "extensions").chain(user);
    if let Some((field, _)) = all.clone().find(|it| !is_text(it)) {
        return Err(format!("`{field}` in its kubeconfig is no text"));
    }
    let is_base64 = |it: &Value| STANDARD.decode(it.as_str().unwrap_or_default()).is_ok();
    if let Some((field, _)) = all.clone().find(|(key, it)| key.ends_with("-data") && !is_base64(it)) {
        return Err(format!("`{field}` in its kubeconfig is no base64"));
    }
    let server = cluster.get("server").and_then(Value::as_str).unwrap_or_default();
    let server = server.to_ascii_lowercase().trim_end_matches('/').to_owned();
    let host = server.strip_prefix("https://").ok_or("its kubeconfig leads to no address of https")?;
    let host = host.split([':', '/']).next().unwrap_or_default();
    let hub = argo::IN_CLUSTER.trim_start_matches("https://");
    if host.starts_with(hub) || ["kubernetes", "kubernetes.default"].contains(&host) {
        return Err("its kubeconfig leads to the hub itself".to_owned());
    }
    Ok(server)
}

/// What a kubeconfig has under a name in one of its lists.
fn part<'k>(kubeconfig: &'k Value, list: &str, noun: &str, name: &str) -> Option<&'k Map<String, Value>> {
    items(kubeconfig, &format!("/{list}")).find(|it| str_at(it, "/name") == name)?.get(noun)?.as_object()
}

/// What of an event of Kyverno may be told: what the API server has refused it. All else may quote what it was about.
pub fn told(event: &Value) -> Option<&str> {
    let message = str_at(event, "/message");
    let begin = message.find("User \"system:serviceaccount:")?;
    message[begin..].contains(" cannot ").then(|| &message[begin..])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::argocd::Spoke;
    use crate::object::Identity;

    fn kubeconfig(cluster: &Value, user: &Value) -> Value {
        json!({"current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
            "clusters": [{"name": "k", "cluster": cluster}], "users": [{"name": "u", "user": user}]})
    }

    fn secret(owner: &str, kubeconfig: &str) -> Value {
        json!({"metadata": {"name": "s", "ownerReferences": [{"uid": owner, "controller": true}]},
            "data": {"kubeconfig": STANDARD.encode(kubeconfig)}})
    }

    fn object(labels: &Value) -> Value {
        json!({"metadata": {"name": "one", "namespace": "team", "uid": "1", "labels": labels}})
    }

    fn known(trigger: Option<&str>, server: &str, name: &str) -> Spokes {
        let labels = trigger.map(|it| (TRIGGER.to_owned(), it.to_owned())).into_iter().collect();
        let live = json!({"metadata": {"uid": "s"}});
        let spoke = Spoke {
            secret: Identity::under(&spoke::secret(name), &live),
            name: name.to_owned(),
            server: server.to_owned(),
            standing: Standing::Ready,
            labels,
            metadata: live,
        };
        Spokes { all: vec![spoke], broken: Vec::new() }
    }

    fn fate(object: &Value, secrets: &[Value], known: &Spokes) -> String {
        let spoke: ClaimedSpoke = serde_json::from_value(json!({})).expect("the defaults");
        match (Ordered { object, spoke: &spoke, secrets, known }).fate() {
            Fate::Spoke(standing) => standing.name().to_owned(),
            Fate::Refused(why) => why,
            Fate::Waiting => "waiting".to_owned(),
        }
    }

    #[test]
    fn every_kubeconfig_that_is_not_taken_is_told_by_its_field() {
        let (way, token) = (json!({"server": "https://a:6443/"}), json!({"token": "planted"}));
        let with = |key: &str, value: Value| {
            let mut way = way.clone();
            way[key] = value;
            way
        };
        for (cluster, user, said) in [
            (way.clone(), token.clone(), "waiting"),
            (way.clone(), json!({"client-certificate-data": "YQ==", "client-key-data": "Yg=="}), "waiting"),
            (
                way.clone(),
                json!({"client-certificate-data": "YQ==", "client-key-data": "b"}),
                "`client-key-data` in its kubeconfig is no base64",
            ),
            (with("certificate-authority-data", "@@".into()), token.clone(), "is no base64"),
            (way.clone(), json!({"token": 7}), "`token` in its kubeconfig is no text"),
            (with("insecure-skip-tls-verify", true.into()), token.clone(), "`insecure-skip-tls-verify` of the cluster"),
            (with("proxy-url", "http://x".into()), token.clone(), "`proxy-url` of the cluster"),
            (way.clone(), json!({"exec": {"command": "sh"}}), "`exec` of the user"),
            (way.clone(), json!({"token": "planted", "as": "root"}), "`as` of the user"),
            (way.clone(), json!({"client-certificate-data": "a"}), "what logs in of the user"),
            (with("server", "http://a".into()), token.clone(), "no address of https"),
            (with("server", "https://kubernetes.default.svc:443".into()), token.clone(), "the hub itself"),
        ] {
            let made = secret("1", &kubeconfig(&cluster, &user).to_string());
            let told = fate(&object(&json!({})), &[made], &Spokes::default());
            assert!(told.contains(said) && !told.contains("planted"), "{said}: {told}");
        }
    }

    #[test]
    fn what_is_in_the_way_is_told_before_a_kubeconfig_is_read() {
        let good = kubeconfig(&json!({"server": "https://a"}), &json!({"token": "t"})).to_string();
        let (own, none) = (secret("1", &good), Spokes::default());
        let plain = object(&json!({}));
        assert!(fate(&plain, &[], &none).contains("no Secret of its composition"));
        assert!(fate(&plain, &[secret("2", &good)], &none).contains("no Secret of its composition"));
        assert!(fate(&plain, &[own.clone(), own.clone()], &none).contains("more than one Secret"));
        assert!(fate(&plain, &[secret("1", "[planted")], &none).ends_with("is no kubeconfig"));
        assert!(fate(&object(&json!({REGISTRATION: OFF})), std::slice::from_ref(&own), &none).contains("is off"));
        assert!(
            fate(&plain, std::slice::from_ref(&own), &known(None, "https://a", "other")).contains("has its address")
        );
        assert!(
            fate(&plain, std::slice::from_ref(&own), &known(None, "https://a", "team-one")).contains("somebody else")
        );
        assert!(
            fate(&plain, std::slice::from_ref(&own), &known(Some("0"), "https://a", "team-one"))
                .contains("that is gone")
        );
        assert!(
            fate(&plain, std::slice::from_ref(&own), &known(Some("1"), "https://b", "team-one"))
                .contains("another address")
        );
        assert_eq!(fate(&plain, &[own], &known(Some("1"), "https://a", "team-one")), "ready");
        assert_eq!(fate(&plain, &[], &known(Some("1"), "https://a", "team-one")), "ready", "it stays");
    }

    #[test]
    fn of_an_event_only_the_refusal_of_the_server_is_told() {
        let event = |message: &str| json!({"message": message});
        let refused =
            "failed: secrets \"a\" is forbidden: User \"system:serviceaccount:k:b\" cannot patch resource \"secrets\"";
        assert_eq!(told(&event(refused)), Some("User \"system:serviceaccount:k:b\" cannot patch resource \"secrets\""));
        assert_eq!(told(&event("cannot unmarshal planted")), None);
    }
}
