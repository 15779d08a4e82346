//! `install` and `upgrade` of a spoke: what is there is looked at, and what is missing is done. A run that was broken off
//! anywhere is finished by the next one, since nothing is remembered but what is on the hub and on the spoke.

use jiff::Timestamp;

use super::look::Hub;
use super::token::{self, Token};
use super::{account, proof, reach, refusals};
use crate::argocd::{ClusterConfig, Context, Login, Registration, Take, config_of};
use crate::document::{SpokeLogin, SpokeStep};
use crate::engine::{Cluster, Deadline, Facts, Given, Poll, SPOKE_MANAGER, Unreached};
use crate::object::Identity;
use crate::report::{Console, Failure, Outcome, counted, wipe};
use crate::run::{Found, FoundSpoke, Run};
use crate::words::spoke::{self, Standing};

/// What registered a spoke that a step gives a kubeconfig.
const BY_STEP: &str = "step";

/// Registers the spoke, or goes on where an earlier run has ended.
pub async fn install(step: &SpokeStep, run: &mut Run<'_>) -> Outcome<()> {
    let console = run.console;
    let hub = Hub::of(step, run).await?;
    hub.demand_probes().await?;
    match reach::given(step)? {
        Some(given) => register(step, &given, &hub, console, run.found).await,
        None if step.kubeconfig.is_some() => {
            Err(Failure::usage("the kubeconfig that `spoke.kubeconfig` names is not there; nothing was changed")
                .hint("bind the bundle's credential, or correct the name"))
        }
        None => accept(step, &hub, console, run.found).await,
    }
}

/// A spoke that the step gives a kubeconfig. It is looked at before it is registered, and called ready after the proof, since from
/// then on beads come to it. Older tokens are taken back last: until the proof Argo CD may still log in with one of them.
async fn register(step: &SpokeStep, given: &Given, hub: &Hub, console: &Console, found: &mut Found) -> Outcome<()> {
    let name = step.name.as_str();
    let (own_address, config) = read(step, given)?;
    let server = step.server.as_deref().filter(|it| !it.is_empty()).unwrap_or(&own_address).trim_end_matches('/');
    refusals::demand_free(hub, name, server)?;
    refusals::demand_unclaimed(hub.spoke(name))?;
    let deadline = hub.cluster.deadline();
    let cluster = reach::by(given, step, deadline).await?.map_err(|it| not_reached(name, it))?;
    let facts = cluster.facts().clone();
    refusals::demand_itself(hub, name, &facts.uid)?;
    console.done("spoke", format!("{name}: {} (uid {}), by {}", facts.version, facts.uid, cluster.found()));
    found.spoke = Some(FoundSpoke { uid: facts.uid.clone(), server: server.to_owned() });

    let logged_in = match step.login {
        SpokeLogin::Kubeconfig => LoggedIn { config, tokens: Vec::new(), used: None },
        SpokeLogin::Account => by_account(step, &config, hub, &cluster, console).await?,
    };
    if logged_in.config.login() != Login::Exec {
        demand_same(&logged_in.config, &own_address, &facts, step, deadline).await?;
    }
    let is_looked_at =
        server == own_address || is_same_at(server, &logged_in.config, &facts, step, hub, console).await?;
    let access = Some((server, &logged_in.config));
    let registration = Registration { name, source: BY_STEP, uid: &facts.uid, labels: &step.labels, access };
    let secret = write(hub, &registration, console).await?;
    let at = proof::prove(hub, name, server, console).await?;
    if !is_looked_at {
        proof::demand_probed(&cluster, server).await?;
    }
    proof::mark_ready(hub, &secret, Some(&facts.version), &at).await?;
    console.done("prove", format!("Argo CD came there at {at}"));
    if let Some(used) = &logged_in.used {
        let back = token::take_back_others(&cluster, &logged_in.tokens, used).await?;
        if back > 0 {
            console.done("token", format!("{back} taken back on the spoke, after the proof with the new one"));
        }
    }
    if step.login == SpokeLogin::Kubeconfig
        && let Some(left) = account::left(&cluster, &hub.cluster.facts().uid).await
    {
        console.say(format!("warning: {left}"));
    }
    found.state = super::state::of(&hub.again().await?, name);
    Ok(())
}

/// A spoke that a claim has made: the hub knows it, and nobody has looked which cluster it is.
async fn accept(step: &SpokeStep, hub: &Hub, console: &Console, found: &mut Found) -> Outcome<()> {
    let name = step.name.as_str();
    let Some(own) = hub.spoke(name).filter(|it| it.standing != Standing::Foreign) else {
        return Err(Failure::refused(format!("the hub knows no spoke {name}; nothing was changed")).hint(
            "give the step a `kubeconfig`; or wait until the claim that it comes from is ready, which writes its Secret",
        ));
    };
    let server = own.server.clone();
    refusals::demand_free(hub, name, &server)?;
    refusals::demand_claimed(own)?;
    let secret = spoke::secret(name);
    let config = config_of(&hub.cluster, &secret).await?.unwrap_or_else(|| ClusterConfig::of(serde_json::Map::new()));
    if config.is_insecure() && !step.allow_insecure {
        return Err(Failure::refused(format!(
            "whoever answers at {server} would be taken for spoke {name}; nothing was changed"
        ))
        .details([format!("{secret} has `insecure` in its `config`")])
        .hint("let the claim give the certificate authority of the cluster, or let it by `allowInsecure: true`"));
    }
    let reached = reach::as_argocd(&config, &server, step, hub.cluster.deadline()).await?;
    let Some(reached) = reached else {
        return Err(Failure::refused(format!(
            "{secret} logs in with a program, so nobody here can look which cluster it is"
        ))
        .hint("give the step a `kubeconfig`; a claim gives a token or a certificate"));
    };
    let cluster = reached.map_err(|it| not_reached(name, it))?;
    let facts = cluster.facts().clone();
    refusals::demand_itself(hub, name, &facts.uid)?;
    console.done("spoke", format!("{name}: {} (uid {}), as its Secret has it", facts.version, facts.uid));
    found.spoke = Some(FoundSpoke { uid: facts.uid.clone(), server: server.clone() });
    let registration = Registration { name, source: "", uid: &facts.uid, labels: &step.labels, access: None };
    let secret = write(hub, &registration, console).await?;
    let at = proof::prove(hub, name, &server, console).await?;
    proof::mark_ready(hub, &secret, Some(&facts.version), &at).await?;
    console.done("prove", format!("Argo CD came there at {at}"));
    found.state = super::state::of(&hub.again().await?, name);
    Ok(())
}

/// The address in the kubeconfig, and what Argo CD takes of it.
fn read(step: &SpokeStep, given: &Given) -> Outcome<(String, ClusterConfig)> {
    let mut kubeconfig = given.value()?;
    let take = if step.login == SpokeLogin::Account { Take::Way } else { Take::LoginOrProgram };
    let read = Context::of(&kubeconfig, step.context.as_deref(), &given.shown)
        .and_then(|context| Ok((context.server().to_owned(), context.config(take, step.allow_insecure)?)));
    wipe(&mut kubeconfig);
    read
}

/// What Argo CD is to log in with.
struct LoggedIn {
    config: ClusterConfig,
    tokens: Vec<Token>,
    used: Option<Identity>,
}

/// Makes the service account, and a token where it has none that is young enough.
async fn by_account(
    step: &SpokeStep,
    way: &ClusterConfig,
    hub: &Hub,
    cluster: &Cluster,
    console: &Console,
) -> Outcome<LoggedIn> {
    let whose = hub.cluster.facts().uid.as_str();
    let changed = account::ensure(cluster, whose, &step.rights).await?;
    let what = if changed == 0 { "no change".to_owned() } else { format!("{} applied", counted(changed, "object")) };
    console.done("account", format!("{}/{} on the spoke: {what}", spoke::ACCOUNT_NAMESPACE, spoke::ACCOUNT));
    let mut tokens = token::all(cluster, whose).await?;
    let in_use = config_of(&hub.cluster, &spoke::secret(&step.name)).await?;
    let in_use = in_use.as_ref().map(ClusterConfig::token).unwrap_or_default();
    let at = match token::choose(&tokens, in_use, step.renewal(), Timestamp::now()) {
        Ok(at) => at,
        Err(number) => {
            tokens.push(token::make(cluster, whose, number, console).await?);
            console.done("token", "a new one, made on the spoke");
            tokens.len() - 1
        }
    };
    let config = way.with_token(tokens[at].text());
    Ok(LoggedIn { config, used: Some(tokens[at].secret.clone()), tokens })
}

/// Logs in as Argo CD will, and demands to be where the kubeconfig leads.
async fn demand_same(
    config: &ClusterConfig,
    server: &str,
    facts: &Facts,
    step: &SpokeStep,
    deadline: Deadline,
) -> Outcome<()> {
    let patience = deadline.at_most(reach::PATIENCE);
    // A role takes a moment to have an effect.
    let look = async || {
        Ok(match reach::as_argocd(config, server, step, deadline.at_most(reach::PATIENCE)).await? {
            Some(Err(unreached)) => Poll::Blocked(unreached.fault.to_string()),
            Some(Ok(cluster)) => Poll::Done(Some(cluster.facts().uid.clone())),
            None => Poll::Done(None),
        })
    };
    let uid = patience.poll_patiently("a login with what Argo CD is given", look).await?;
    if uid.is_none_or(|uid| uid == facts.uid) {
        return Ok(());
    }
    Err(Failure::refused(format!("what Argo CD would log in with leads to another cluster than {}", facts.uid)))
}

/// Whether the cluster of the kubeconfig is the one that answers at `server`, where Argo CD will go. Refuses another one; says
/// when none answers here.
async fn is_same_at(
    server: &str,
    config: &ClusterConfig,
    facts: &Facts,
    step: &SpokeStep,
    hub: &Hub,
    console: &Console,
) -> Outcome<bool> {
    let uid = match reach::uid_at(server, config, step, hub.cluster.deadline()).await? {
        Ok(uid) => uid,
        Err(why) => {
            console.say(format!("warning: {why}"));
            return Ok(false);
        }
    };
    refusals::demand_itself(hub, &step.name, &uid)?;
    if uid == facts.uid {
        return Ok(true);
    }
    Err(Failure::refused(format!("another cluster answers at {server} than by the kubeconfig; nothing is registered"))
        .details([format!("by the kubeconfig: UID {}", facts.uid), format!("at `server`: UID {uid}")])
        .hint("give `server` the address by which Argo CD reaches the cluster of the kubeconfig"))
}

/// Writes the Secret. One that says the same already is not touched, so that Argo CD keeps what it knows of the spoke.
async fn write(hub: &Hub, registration: &Registration<'_>, console: &Console) -> Outcome<Identity> {
    let own = hub.spoke(registration.name);
    let mut secret = registration.secret(own.is_none_or(|it| it.standing == Standing::New));
    if let Some(own) = own {
        // Another one that has the name by now, or none, was not looked at.
        secret["metadata"]["uid"] = own.secret.uid.as_str().into();
    }
    let applied = hub.cluster.apply(&secret, SPOKE_MANAGER).await;
    wipe(&mut secret);
    let written = Identity::under(&spoke::secret(registration.name), &applied?);
    let what = if own.is_some() { "as the step has it" } else { "new" };
    console.done("register", format!("{written}: {what}"));
    Ok(written)
}

fn not_reached(name: &str, unreached: Unreached) -> Failure {
    unreached.into_failure().context(format!("spoke {name} does not answer"))
}
