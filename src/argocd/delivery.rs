//! The wait until a commit has come to spokes: all at a time, each with a patience of its own, so that none holds up another.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures::{StreamExt as _, TryStreamExt as _};

use super::application::{Application, short};
use super::follow::Follow;
use super::operation::trial_operation;
use super::silence::Silence;
use super::spokes::Spokes;
use crate::engine::{Cluster, Fault, REQUEST_MANAGER, absent, growing_pauses};
use crate::object::{Identity, ObjectRef};
use crate::pace::paced;
use crate::report::{Console, Failure, Outcome};
use crate::words::argo;

/// How long a spoke may give no answer, or be in the same trouble, before the wait goes on without it; but no longer than a third of the step's
/// time, so that there is time for what comes after it. Argo CD 3.6.1 takes half a minute for one answer that does not come
/// (30 s to connect, `ARGOCD_K8S_TCP_TIMEOUT`; 32 s of discovery in client-go), and one is not enough to give a spoke up.
const PATIENCE: Duration = Duration::from_secs(90);
/// When a sync is asked for again of which nothing has come.
const AGAIN: Duration = Duration::from_secs(10);
/// How many spokes are looked at in one moment: each look is a request to the hub's API server.
const AT_ONCE: usize = 8;

/// An Application on a spoke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnSpoke {
    /// The name of the spoke.
    pub spoke: String,
    /// The address of the spoke, as Argo CD has it.
    pub server: String,
    /// The Application.
    pub application: ObjectRef,
}

/// What comes to which spokes.
#[derive(Clone, Copy)]
pub struct Delivery<'a> {
    /// The spokes.
    pub to: &'a [OnSpoke],
    /// The commit.
    pub commit: &'a str,
    /// The commits of this run before it.
    pub earlier: &'a [String],
    /// When the last sync of each began before this run; see [`last_syncs`].
    pub before: &'a BTreeMap<String, String>,
}

/// What has become of it on one spoke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivered {
    /// It is there at the commit, Synced and Healthy, and a sync of this run has reached the spoke.
    Arrived,
    /// The spoke has given no answer.
    Silent(String),
    /// The spoke answers, and it does not come there.
    Failed(Failure),
    /// It is no ready spoke of the hub any more.
    Left(String),
    /// The deadline has passed.
    Late(String),
}

/// When the last sync of each Application began, by the name of the Application. A sync of the run that comes is another.
pub async fn last_syncs(to: &[OnSpoke], cluster: &Cluster) -> Result<BTreeMap<String, String>, Fault> {
    let looks = to.iter().map(|it| async move {
        let live = cluster.get(&it.application).await?.map(Application);
        let began = live.map(|live| live.operation_began().to_owned());
        Ok::<_, Fault>((it.application.name.clone(), began.unwrap_or_default()))
    });
    futures::stream::iter(looks).buffered(AT_ONCE).try_collect().await
}

impl Delivery<'_> {
    /// Waits until it is known of every spoke what has become of it, and tells each. Answers in the order of the spokes.
    pub async fn wait(&self, cluster: &Cluster, console: &Console) -> Outcome<Vec<Delivered>> {
        let deadline = cluster.deadline();
        let patience = PATIENCE.min(deadline.left() / 3);
        let mut watched: Vec<Watch<'_>> = self.to.iter().map(|to| Watch::of(to, patience)).collect();
        let mut pauses = growing_pauses();
        loop {
            let root = cluster.get(&argo::application(argo::ROOT)).await?.map(Application);
            let (root, delivery) = (root.as_ref(), *self);
            let open = watched.iter_mut().filter(|it| it.end.is_none());
            let looks = open.map(|it| it.look(delivery, root, cluster, console));
            futures::stream::iter(looks).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
            let_leave(&mut watched, cluster, console).await?;
            let open: Vec<&Watch<'_>> = watched.iter().filter(|it| it.end.is_none()).collect();
            let Some(first) = open.first() else { break };
            if deadline.passed() {
                break;
            }
            let (all, left) = (watched.len(), open.len());
            let line = format!("{} of {all} have it; spoke {}: {}", all - left, first.to.spoke, first.why);
            deadline.tell(console, "spokes", line);
            deadline.pause(pauses.next().unwrap_or_default()).await;
        }
        Ok(watched.into_iter().map(Watch::ended).collect())
    }
}

/// Waits no longer for those that have been taken out of the hub since the wait began, or are about to be.
async fn let_leave(watched: &mut [Watch<'_>], cluster: &Cluster, console: &Console) -> Result<(), Fault> {
    let is_away = |it: &Watch<'_>| it.end.is_none() && it.is_away;
    if !watched.iter().any(is_away) {
        return Ok(());
    }
    let spokes = Spokes::of(cluster).await?;
    for it in watched.iter_mut().filter(|it| is_away(it) && spokes.lack(&it.to.spoke)) {
        it.ends(Delivered::Left("it is no ready spoke of this hub any more".to_owned()), console);
    }
    Ok(())
}

/// Trouble that ends by itself, or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// There is no Application.
    Absent,
    /// The Application cannot be compared.
    Incomparable,
}

/// The wait for one spoke.
struct Watch<'a> {
    to: &'a OnSpoke,
    patience: Duration,
    follow: Follow,
    silence: Silence,
    /// Whether its Application is not there, or goes.
    is_away: bool,
    trouble: Option<(Trouble, Instant)>,
    asked: Option<Instant>,
    why: String,
    end: Option<Delivered>,
}

impl<'a> Watch<'a> {
    fn of(to: &'a OnSpoke, patience: Duration) -> Self {
        let why = "it was not looked at yet".to_owned();
        let (follow, silence) = (Follow::default(), Silence::default());
        Self { to, patience, follow, silence, is_away: false, trouble: None, asked: None, why, end: None }
    }

    async fn look(
        &mut self,
        delivery: Delivery<'_>,
        root: Option<&Application>,
        cluster: &Cluster,
        console: &Console,
    ) -> Outcome<()> {
        let commit = delivery.commit;
        let Some(live) = cluster.get(&self.to.application).await?.map(Application) else {
            self.is_away = true;
            self.is_in(
                Trouble::Absent,
                format!("its ApplicationSet has not made {} yet", self.to.application),
                console,
            );
            return Ok(());
        };
        self.follow.old.end(cluster, &live, commit, delivery.earlier).await?;
        self.is_away = live.is_being_deleted();
        let before = delivery.before.get(live.name()).map_or("", String::as_str);
        if let Some(why) = self.silence.hear(&live, &self.to.server, before, Instant::now()) {
            self.follow.reminders.remind(cluster, &live, commit).await?;
            self.ask(&live, commit, cluster).await?;
            (self.trouble, self.why) = (None, why);
            self.passes_over(paced(self.patience), console);
            return Ok(());
        }
        // What runs now is no answer yet: a sync that fails slowly is asked for again and again.
        if self.passes_over(self.patience, console) {
            return Ok(());
        }
        let blocked = live.blocked_at(commit);
        match &blocked {
            Some(why) if !live.waits_for_first_answer() && live.is_at(commit) && live.is_behind(commit) => {
                self.is_in(Trouble::Incomparable, why.clone(), console);
            }
            Some(why) => (self.trouble, self.why) = (None, why.clone()),
            None => self.trouble = None,
        }
        if blocked.is_some() {
            if let Err(failure) = self.follow.help(cluster, &live, root, commit, false).await {
                self.ends(Delivered::Failed(failure), console);
            }
            return Ok(());
        }
        let commits: Vec<&str> = delivery.earlier.iter().map(String::as_str).chain([commit]).collect();
        if live.has_reached(&commits, before) {
            console.done("spoke", format!("{} has it at {}", self.to.spoke, short(commit)));
            self.end = Some(Delivered::Arrived);
            return Ok(());
        }
        self.why = String::from("a sync is asked for, to see that it answers");
        self.ask(&live, commit, cluster).await
    }

    /// Asks for a sync where none is under way; again once in a while.
    async fn ask(&mut self, live: &Application, commit: &str, cluster: &Cluster) -> Outcome<()> {
        if live.is_operating() || self.asked.is_some_and(|at| at.elapsed() < AGAIN) {
            return Ok(());
        }
        self.asked = Some(Instant::now());
        let trial = trial_operation(live, commit);
        absent(cluster.merge_patch_of(&Identity::of(&live.0), &trial, REQUEST_MANAGER).await)?;
        Ok(())
    }

    /// The spoke is in trouble, which ends the wait for it when it stays so for as long as the patience goes.
    fn is_in(&mut self, trouble: Trouble, why: String, console: &Console) {
        let since = match self.trouble {
            Some((same, since)) if same == trouble => since,
            _ => Instant::now(),
        };
        self.trouble = Some((trouble, since));
        self.why = why;
        // What has failed is known; what has not come yet may take its time.
        let is_known = trouble == Trouble::Incomparable;
        let patience = if is_known { paced(self.patience) } else { self.patience };
        if since.elapsed() > patience {
            self.ends(Delivered::Failed(Failure::failed(&self.why)), console);
        }
    }

    /// Goes on without the spoke, when it has given no answer for longer than this.
    fn passes_over(&mut self, patience: Duration, console: &Console) -> bool {
        let silent = self.silence.outlasts(patience, Instant::now()).map(|why| Delivered::Silent(why.to_owned()));
        let is_over = silent.is_some();
        if let Some(end) = silent {
            self.ends(end, console);
        }
        is_over
    }

    fn ends(&mut self, end: Delivered, console: &Console) {
        let spoke = &self.to.spoke;
        match &end {
            Delivered::Silent(why) => console.say(format!("warning: spoke {spoke} is passed over: {why}")),
            Delivered::Left(why) => console.say(format!("warning: spoke {spoke} is left out: {why}")),
            Delivered::Failed(failure) => console.say(format!("warning: spoke {spoke}: {failure}")),
            Delivered::Arrived | Delivered::Late(_) => {}
        }
        self.end = Some(end);
    }

    /// What has become of it, at the end of the wait.
    fn ended(self) -> Delivered {
        match (self.end, self.silence.why()) {
            (Some(end), _) => end,
            (None, Some(why)) => Delivered::Silent(why.to_owned()),
            (None, None) => Delivered::Late(self.why),
        }
    }
}
