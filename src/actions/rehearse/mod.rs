//! `rehearse`: what a disaster would cost, tried on a scratch cluster. The Secrets are brought there, the hub comes from its
//! repository, and both are compared object by object.
//!
//! Nothing is written to the hub, nor to its repository: the scratch cluster follows the branch as it is, at the hub's commit.
//! What would have it work outside in the place of the hub is held back: every Secret but those by which Argo CD reads git, and
//! the claims. Nobody can tell by a Secret what logs in by it, so whoever wants more of them there names each.

mod canonical;
mod compare;
mod report;
mod scratch;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::current::Current;
use super::secrets_file::{self, Export, Into, Kept};
use crate::cli::RehearseArgs;
use crate::document::{Existing, Repository};
use crate::engine::{Cluster, Deadline};
use crate::git::Access;
use crate::hub::credential::{self, Of};
use crate::hub::{Coming, Given, Unheld, Way};
use crate::object::ObjectRef;
use crate::publish::Whole;
use crate::report::{Console, Failure, Outcome};
use crate::run::Found;
use crate::schema::is_surely_same_repository;
use compare::compare;
use report::{Anew, Part, Report};

/// Plays the disaster, and tells what it would cost.
pub async fn rehearse(args: &RehearseArgs, as_json: bool, console: &Console) -> Outcome<()> {
    let deadline = Deadline::after(Duration::from_secs(60 * u64::from(args.timeout)));
    let hub = connect("hub", args.kubeconfig.clone(), args.context.clone(), deadline, console).await?;
    let on = connect("scratch", Some(args.scratch.clone()), None, deadline, console).await?;
    let (repository, access, whole) = repository(&hub, deadline).await?;
    scratch::take(&on, &hub, &repository).await?;

    let mut clock = Clock::default();
    let (mut export, file) = secrets(args, &hub).await?;
    if !is_surely_same_repository(&export.hub.repository, &repository.url) {
        return Err(Failure::refused("the export is of another hub; nothing was written")
            .details([format!("exported from {}", export.hub.repository), format!("this hub: {}", repository.url)])
            .hint("name an export of this hub by --secrets"));
    }
    let held_back = hold_back(&mut export, &args.bring)?;
    clock.lap("export");
    for name in &held_back {
        console.done("held back", format!("Secret {name}"));
    }
    if !held_back.is_empty() {
        console.say(
            "what needs one of these does not run on the scratch cluster, unless it is named by --bring NAMESPACE/NAME",
        );
    }
    secrets_file::bring(&export, Into { cluster: &on, file: &file, replace: &[] }, console).await?;
    clock.lap("import");

    let claims = claims(&whole, &hub).await?;
    let revision = whole.revision.clone();
    let mut found = Found::default();
    let (readers, secrets, way) = (Vec::new(), Given::default(), Way::Rehearse);
    let coming = Coming { repository: &repository, access: &access, claims, readers, secrets, whole, way };
    let unheld = coming.bring(&on, console, &mut found).await?;
    clock.lap("install");

    let brought: BTreeSet<ObjectRef> = export.secrets.iter().map(Kept::object).collect();
    let objects = compare(&hub, &on, |it| brought.contains(it)).await?;
    clock.lap("compare");
    let report = Report {
        hub: hub.facts().uid.clone(),
        scratch: on.facts().uid.clone(),
        revision,
        seconds: clock.parts,
        exported: export.time.clone(),
        brought: export.secrets.len(),
        objects,
        missing_secrets: missing(&unheld, &held_back, &on).await?,
        held_back,
        ordered_anew: ordered_anew(&unheld),
        elsewhere: unheld.elsewhere,
        not_looked_at: unheld.not_looked_at,
        proven: found.proof.is_some_and(|it| it.holds),
    };
    report.tell(as_json, console)
}

async fn connect(
    what: &str,
    kubeconfig: Option<String>,
    context: Option<String>,
    deadline: Deadline,
    console: &Console,
) -> Outcome<Cluster> {
    let cluster = Cluster::connect(&Existing { kubeconfig, context, allow_insecure: false }, deadline).await?;
    let facts = cluster.facts();
    console.done(what, format!("{} (uid {}), by {}", facts.version, facts.uid, cluster.found()));
    Ok(cluster)
}

/// The repository that the hub follows, read with what the hub keeps for that, at the commit that the hub runs.
async fn repository(hub: &Cluster, deadline: Deadline) -> Outcome<(Repository, Access, Whole)> {
    let current = Current::on(hub.clone()).await?;
    let access = current.git()?.clone();
    let Current { root, repository, .. } = current;
    let whole = Whole::read(&access, deadline.end()).await?;
    whole.is_of(&repository)?;
    let synced = root.last_synced().unwrap_or("nothing yet");
    if synced != whole.revision {
        return Err(Failure::refused("the hub does not run the head of its branch; nothing was written")
            .details([format!("the branch is at {}", whole.revision), format!("the hub has synced {synced}")])
            .hint("wait until Argo CD has synced it, or mend what keeps it from that"));
    }
    Ok((repository, access, whole))
}

/// The export that is kept, or one that is made now.
async fn secrets(args: &RehearseArgs, hub: &Cluster) -> Outcome<(Export, String)> {
    match (&args.secrets, &args.identity) {
        (Some(file), Some(identity)) => {
            let identities = secrets_file::identities(identity)?;
            secrets_file::read(file, &file.display().to_string(), &identities)
        }
        _ => Ok((secrets_file::take(hub, false).await?.export, format!("rehearsal of {}", hub.facts().uid))),
    }
}

/// Takes out all but what Argo CD reads git by and what is named: both hubs would work outside with the rest.
fn hold_back(export: &mut Export, named: &[String]) -> Outcome<Vec<String>> {
    if let Some(unknown) = named.iter().find(|it| !export.secrets.iter().any(|kept| kept.title() == **it)) {
        return Err(Failure::usage(format!("--bring {unknown}: the export has no such Secret"))
            .hint("name it as NAMESPACE/NAME; `backstack secrets export --output json` lists them"));
    }
    let is_brought = |it: &Kept| secrets_file::reads_git(it) || named.contains(&it.title());
    let held_back = export.secrets.iter().filter(|it| !is_brought(it)).map(Kept::title).collect();
    export.secrets.retain(is_brought);
    Ok(held_back)
}

async fn claims(whole: &Whole, hub: &Cluster) -> Outcome<Option<Access>> {
    let Some(claims) = &whole.hub.spec.claims else { return Ok(None) };
    let credential = credential::read_of(hub, Of::Claims).await?;
    let url = &claims.repository.url;
    let connection = credential::connection_of(hub, Of::Claims, url).await?;
    let access = Access { connection, ..Access::new(url, &claims.repository.branch, credential) };
    access.check()?;
    Ok(Some(access))
}

/// The Secrets that files name and that nobody has held back.
async fn missing(unheld: &Unheld, held_back: &[String], on: &Cluster) -> Outcome<Vec<String>> {
    let mut missing = Vec::new();
    for (named, _) in &unheld.secrets {
        let title = format!("{}/{}", named.namespace, named.name);
        let secret = ObjectRef::new("v1", "Secret", Some(&named.namespace), &named.name);
        if !held_back.contains(&title) && on.metadata(&secret).await?.is_none() {
            missing.push(title);
        }
    }
    Ok(missing)
}

fn ordered_anew(unheld: &Unheld) -> Vec<Anew> {
    let in_hub = unheld.ordered.iter().map(|it| (&it.object, it.external_name));
    let in_claims = unheld.claims.iter().map(|it| (&it.claim, it.external_name));
    in_hub.chain(in_claims).map(|(object, external_name)| Anew { object: object.clone(), external_name }).collect()
}

/// How long each part takes.
struct Clock {
    at: Instant,
    parts: Vec<Part>,
}

impl Default for Clock {
    fn default() -> Self {
        Self { at: Instant::now(), parts: Vec::new() }
    }
}

impl Clock {
    fn lap(&mut self, part: &'static str) {
        self.parts.push(Part { part, seconds: self.at.elapsed().as_secs() });
        self.at = Instant::now();
    }
}
