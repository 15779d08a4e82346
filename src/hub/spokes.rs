//! The spokes of a hub, as their Secrets and Applications say. No request goes to a spoke, so nothing here says that one
//! answers: Argo CD calls what is on a cluster that died Synced and Healthy for hours.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::argocd::{Application, Applications, Broken, Spoke, Spokes};
use crate::engine::Cluster;
use crate::object::str_at;
use crate::report::{Console, Table};
use crate::schema::labels;
use crate::words::argo;
use crate::words::spoke::{self, CREDENTIAL, EXPIRES, PROVEN, SOURCE, SPOKE, Standing, VERSION};

/// How long the look may take: it is beside what was asked.
const PATIENCE: Duration = Duration::from_secs(10);
/// The end of a credential is warned of when it is no further away.
const SOON: i64 = 30;
const SECONDS_OF_A_DAY: i64 = 24 * 60 * 60;
/// The most Applications of one spoke that are told one by one.
const MOST: usize = 5;

/// The clusters that Argo CD knows beside its own.
#[derive(Debug, Default)]
pub struct Registered {
    /// Each of them, by name.
    pub spokes: Vec<Row>,
    /// The Secrets that say nothing.
    pub broken: Vec<BrokenSecret>,
    /// The Applications that beads have brought there, and the probes: they are shown with their spoke.
    shown: BTreeSet<String>,
    /// Why nobody could look.
    pub not_looked_at: Option<String>,
}

/// A Secret that says nothing, as the status document has it.
#[derive(Debug, Serialize)]
pub struct BrokenSecret {
    secret: String,
    why: &'static str,
}

/// One cluster. What nobody has written down is left out.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    name: String,
    server: String,
    state: &'static str,
    labels: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential_expires: Option<String>,
    /// When a sync that was asked for has last succeeded there.
    #[serde(skip_serializing_if = "Option::is_none")]
    proven_at: Option<String>,
    applications: usize,
    /// How many of them Argo CD calls Synced and Healthy.
    well: usize,
    /// The others, each with what is wrong.
    unwell: BTreeMap<String, String>,
    warnings: Vec<String>,
}

impl Registered {
    /// Reads the Secrets of clusters. Whoever asks how a hub is may not be permitted to, and gets the answer nevertheless.
    pub async fn of(cluster: &Cluster, applications: &Applications, now: Timestamp) -> Self {
        match Spokes::of(&cluster.patient_for(PATIENCE)).await {
            Ok(known) => Self::seen(&known, applications, now),
            Err(fault) => Self { not_looked_at: Some(format!("spokes: {fault}")), ..Self::default() },
        }
    }

    fn seen(known: &Spokes, applications: &Applications, now: Timestamp) -> Self {
        let mut spokes: Vec<Row> = known.all.iter().map(|it| Row::of(it, known, now)).collect();
        let mut shown = BTreeSet::new();
        for application in applications.iter() {
            let Some(at) = known.all.iter().position(|it| it.is_destination_of(&application)) else { continue };
            spokes[at].count(&application);
            if is_ours(&application, &known.all[at]) {
                shown.insert(application.name().to_owned());
            }
        }
        let broken = |it: &Broken| BrokenSecret { secret: it.secret.to_string(), why: it.why };
        Self { spokes, broken: known.broken.iter().map(broken).collect(), shown, not_looked_at: None }
    }

    /// Whether an Application is shown with its spoke, and not with those of the hub: a bead has brought it there, or it is
    /// a probe. One whose spoke is not registered stays where everybody sees it.
    pub fn shows(&self, application: &Application) -> bool {
        is_in_argocd(application) && self.shown.contains(application.name())
    }

    /// What people read.
    pub fn tell(&self, console: &Console) {
        if let Some(why) = &self.not_looked_at {
            console.say(format!("warning: not looked at: {why}"));
        }
        for it in &self.broken {
            console.say(format!(
                "! {}: {}; Argo CD takes its cluster for not registered, and no ApplicationSet deletes anything until it is \
                 mended or gone",
                it.secret, it.why
            ));
        }
        if self.spokes.is_empty() {
            return;
        }
        console.table(&self.table());
        for row in &self.spokes {
            row.warnings.iter().for_each(|it| console.say(format!("warning: spoke {}: {it}", row.name)));
            for (name, why) in row.unwell.iter().take(MOST) {
                console.say(format!("- {} on {}: {why}", name, row.name));
            }
            if let Some(more) = row.unwell.len().checked_sub(MOST).filter(|more| *more > 0) {
                console.say(format!("- and {more} more on {}", row.name));
            }
        }
        console.say("no spoke was asked: Argo CD calls what is on a cluster that died well for hours; `verify` asks");
    }

    fn table(&self) -> Table {
        let mut table =
            Table::new(["SPOKE", "STATE", "VERSION", "PROVEN AT", "WELL", "CREDENTIAL", "LABELS", "SERVER"]);
        for row in &self.spokes {
            let labels: Vec<String> = row.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
            let credential = row.credential.as_deref().unwrap_or_default();
            let credential = match &row.credential_expires {
                None => credential.to_owned(),
                Some(end) => format!("{credential} until {end}"),
            };
            table.row([
                row.name.as_str(),
                row.state,
                row.version.as_deref().unwrap_or_default(),
                row.proven_at.as_deref().unwrap_or("never"),
                &format!("{} of {}", row.well, row.applications),
                &credential,
                &labels.join(" "),
                &row.server,
            ]);
        }
        table
    }
}

impl Row {
    fn of(spoke: &Spoke, known: &Spokes, now: Timestamp) -> Self {
        let text = |key: &str| spoke.annotation(key).filter(|it| !it.is_empty()).map(str::to_owned);
        let is_theirs = |key: &str| labels::reserved_domain(key).is_none();
        let labels = spoke.labels.iter().filter(|(key, _)| is_theirs(key));
        let credential_expires = text(EXPIRES);
        let doubled = doubled(spoke, known);
        let skipped = (spoke.annotation(argo::SKIP_RECONCILE) == Some("true")).then(|| {
            format!("Argo CD leaves it alone, and deletes nothing there either ({}: \"true\")", argo::SKIP_RECONCILE)
        });
        let ends = credential_expires.as_deref().and_then(|it| ends(it, now));
        Self {
            name: spoke.name.clone(),
            server: spoke.address(),
            state: spoke.standing.name(),
            labels: labels.map(|(key, value)| (key.clone(), value.clone())).collect(),
            version: text(VERSION),
            source: text(SOURCE),
            credential: text(CREDENTIAL),
            credential_expires,
            proven_at: text(PROVEN),
            applications: 0,
            well: 0,
            unwell: BTreeMap::new(),
            warnings: doubled.into_iter().chain(skipped).chain(ends).collect(),
        }
    }

    fn count(&mut self, application: &Application) {
        if application.name() == spoke::probe(&self.name).name {
            return; // it says how the spoke was when somebody asked last
        }
        self.applications += 1;
        match application.trouble() {
            None => self.well += 1,
            Some(why) => _ = self.unwell.insert(application.name().to_owned(), why),
        }
    }
}

/// What Argo CD does with two clusters of one name or address, where this is one of them.
fn doubled(spoke: &Spoke, known: &Spokes) -> Option<String> {
    let others = || known.all.iter().filter(|it| it.secret.uid != spoke.secret.uid);
    let of_name = others().find(|it| it.name == spoke.name);
    let of_server = others().find(|it| it.server == spoke.server);
    match (of_name, of_server) {
        (Some(other), _) => {
            Some(format!("{} has its name, too: Argo CD syncs nothing to either", other.secret.object.name))
        }
        (_, Some(other)) => Some(format!(
            "{} has its address, too: whose credential Argo CD takes is not known, and deleting one takes both away",
            other.secret.object.name
        )),
        _ => None,
    }
}

/// Says that a credential ends soon, or has ended.
fn ends(at: &str, now: Timestamp) -> Option<String> {
    let Ok(end) = at.parse::<Timestamp>() else {
        return Some(format!("nobody knows when its credential ends: `{at}` is no time"));
    };
    let days = (end.as_second() - now.as_second()).div_euclid(SECONDS_OF_A_DAY);
    match days {
        ..0 => Some(format!("its credential has ended at {at}: Argo CD reaches it no more")),
        0..=SOON => Some(format!("its credential ends at {at}, in {days} days: register it again with a new one")),
        _ => None,
    }
}

/// Whether a bead has brought the Application to the spoke, or it is its probe.
fn is_ours(application: &Application, spoke: &Spoke) -> bool {
    let label = application.0.pointer("/metadata/labels").and_then(|it| it.get(SPOKE)).and_then(Value::as_str);
    spoke.standing != Standing::Foreign && label == Some(&spoke.name) && is_in_argocd(application)
}

fn is_in_argocd(application: &Application) -> bool {
    str_at(&application.0, "/metadata/namespace") == argo::NAMESPACE
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::object::{Identity, ObjectRef};

    const NOW: &str = "2026-11-29T12:00:00Z";

    fn now() -> Timestamp {
        NOW.parse().expect("a time")
    }

    fn spoke(name: &str, server: &str, state: &str, annotations: &Value) -> Spoke {
        let labels = [(SPOKE, name), (argo::SECRET_TYPE, argo::CLUSTER), ("env", "prod")];
        Spoke {
            secret: Identity { uid: format!("{name} at {server}"), object: spoke::secret(name) },
            name: name.to_owned(),
            server: server.to_owned(),
            standing: Standing::of(state),
            labels: labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
            metadata: json!({"metadata": {"annotations": annotations}}),
        }
    }

    fn application(name: &str, spoke: &str, health: &str) -> Value {
        json!({"metadata": {"name": name, "namespace": "argocd", "labels": {SPOKE: spoke}},
            "spec": {"destination": {"name": spoke}},
            "status": {"sync": {"status": "Synced", "revision": "r"}, "health": {"status": health}}})
    }

    #[test]
    fn the_applications_of_a_spoke_are_counted_there_and_shown_nowhere_else() {
        let known = Spokes { all: vec![spoke("a", "https://a", "ready", &json!({PROVEN: NOW}))], broken: Vec::new() };
        let by_address = json!({"metadata": {"name": "theirs", "namespace": "argocd"},
            "spec": {"destination": {"server": "https://a/"}}, "status": {"sync": {"status": "Synced"}, "health": {}}});
        let all: Applications = [
            application("spoke-a", "a", "Missing"),
            application("spoke-a.web", "a", "Healthy"),
            application("spoke-a.db", "a", "Degraded"),
            application("spoke-gone.web", "gone", "Healthy"),
            by_address,
        ]
        .into_iter()
        .collect();
        let registered = Registered::seen(&known, &all, now());
        let row = json!(registered.spokes[0]);
        assert_eq!((&row["applications"], &row["well"]), (&json!(3), &json!(1)), "{row:#}");
        assert_eq!(row["unwell"]["spoke-a.db"], "is Degraded");
        assert_eq!(row["labels"], json!({"env": "prod"}));
        assert_eq!(row["provenAt"], NOW);
        let beside: Vec<String> =
            all.iter().filter(|it| !registered.shows(it)).map(|it| it.name().to_owned()).collect();
        assert_eq!(beside, ["spoke-gone.web", "theirs"]);
    }

    #[test]
    fn the_password_in_an_address_of_others_is_not_shown() {
        let known = Spokes { all: vec![spoke("a", "https://me:planted@a", "foreign", &json!({}))], broken: Vec::new() };
        let registered = Registered::seen(&known, &Applications::default(), now());
        assert_eq!(json!(registered.spokes)[0]["server"], "https://a");
        assert!(!registered.table().lines().join("").contains("planted"));
    }

    #[test]
    fn what_can_be_seen_without_asking_a_spoke_is_warned_of() {
        let warnings = |of: &Spoke, others: &[Spoke]| {
            let all = [std::slice::from_ref(of), others].concat();
            Row::of(of, &Spokes { all, broken: Vec::new() }, now()).warnings
        };
        let a = spoke("a", "https://a", "ready", &json!({}));
        assert_eq!(warnings(&a, &[spoke("b", "https://b", "ready", &json!({}))]), [""; 0]);
        assert!(warnings(&a, &[spoke("a", "https://b", "foreign", &json!({}))])[0].contains("has its name, too"));
        assert!(warnings(&a, &[spoke("b", "https://a", "foreign", &json!({}))])[0].contains("has its address, too"));
        let skipped = spoke("a", "https://a", "ready", &json!({argo::SKIP_RECONCILE: "true"}));
        assert!(warnings(&skipped, &[])[0].contains("leaves it alone"));
    }

    #[test]
    fn a_credential_is_warned_of_a_month_before_its_end() {
        assert_eq!(ends("2027-11-29T12:00:00Z", now()), None);
        assert_eq!(ends("2026-12-31T12:00:00Z", now()), None);
        assert!(ends("2026-12-29T13:00:00Z", now()).is_some_and(|it| it.contains("in 30 days")));
        assert!(ends("2026-11-29T11:59:59Z", now()).is_some_and(|it| it.contains("has ended")));
        assert!(ends("soon", now()).is_some_and(|it| it.contains("is no time")));
    }

    #[test]
    fn a_secret_that_says_nothing_is_named() {
        let broken =
            Broken { secret: ObjectRef::new("v1", "Secret", Some("argocd"), "theirs"), why: "its `config` is no JSON" };
        let known = Spokes { all: Vec::new(), broken: vec![broken] };
        let registered = Registered::seen(&known, &Applications::default(), now());
        assert_eq!(
            json!(registered.broken),
            json!([{"secret": "Secret argocd/theirs", "why": "its `config` is no JSON"}])
        );
    }
}
