//! What goes and what stays when a spoke is taken out, held against what its step lets go.

use super::claimed;
use super::deletion::Obstacles;
use crate::argocd::{Application, Applications, Role, Spoke, Spokes};
use crate::document::{OnSpokes, SpokeStep};
use crate::engine::{Cluster, Fault};
use crate::guard::{Hanging, lost_on_spokes};
use crate::object::ObjectRef;
use crate::report::{Console, Failure, Outcome};
use crate::run::Named;
use crate::words::spoke;

/// What there is of a spoke on its hub, as it is now.
pub struct Removal {
    /// Its registration; it may be gone already.
    pub registered: Option<Spoke>,
    /// All the clusters that the hub knows.
    known: Spokes,
    /// What proves it.
    pub probe: Option<Application>,
    /// What comes to it, the probe aside: what beads brought first, then what others did.
    pub applications: Vec<Application>,
    /// How many of them beads brought.
    count_of_beads: usize,
    /// What would be lost there if Argo CD deleted what they brought.
    lost: Vec<Hanging>,
}

impl Removal {
    /// Looks at everything on the hub that has to do with the spoke.
    pub async fn of(cluster: &Cluster, name: &str) -> Result<Self, Fault> {
        let known = Spokes::of(cluster).await?;
        let registered = known.all.iter().find(|it| it.secret.object == spoke::secret(name)).cloned();
        let (mut probe, mut of_beads, mut of_others) = (None, Vec::new(), Vec::new());
        for it in Applications::of(cluster).await?.iter() {
            match Role::of(&it, name, registered.as_ref()) {
                Role::Probe => probe = Some(it),
                Role::OfBead => of_beads.push(it),
                Role::OfOthers => of_others.push(it),
                Role::None => {}
            }
        }
        let count = of_beads.len();
        let applications: Vec<Application> = of_beads.into_iter().chain(of_others).collect();
        let lost = lost_on_spokes(&applications);
        Ok(Self { registered, known, probe, applications, count_of_beads: count, lost })
    }

    /// Whether nothing of the spoke is on the hub.
    pub fn is_empty(&self) -> bool {
        self.registered.is_none() && self.probe.is_none() && self.applications.is_empty()
    }

    /// What beads have brought there.
    pub fn of_beads(&self) -> &[Application] {
        &self.applications[..self.count_of_beads]
    }

    /// Refuses what the step does not let go, all of it at once.
    pub fn or_refuse(self, step: &SpokeStep, what_now: &str) -> Outcome<Self> {
        let named = Named::of(&step.may_remove);
        let (mut lines, mut remedies) = (Vec::new(), Vec::new());
        if let Some(it) = self.registered.as_ref().filter(|it| it.is_of_others(&step.name)) {
            lines.push(format!("{}: somebody else has registered the cluster", it.secret));
            remedies.push("a cluster that was registered by hand is taken out by hand".to_owned());
        }
        if step.on_uninstall == OnSpokes::Delete {
            let hinders = Obstacles::of(&self.known, self.registered.as_ref(), &self.applications);
            lines.extend(hinders.lines);
            remedies.extend(hinders.remedies);
        }
        if step.on_uninstall == OnSpokes::Refuse && self.count_of_beads > 0 {
            lines.extend(self.of_beads().iter().map(|it| format!("{}: {}", object(it), has(it))));
            remedies.push(
                "say what becomes of it by `onUninstall: leave` or `onUninstall: delete`, or take the beads out"
                    .to_owned(),
            );
        }
        let others = self.applications[self.count_of_beads..].iter().map(object).filter(|it| !named.covers(it));
        let others: Vec<ObjectRef> = others.collect();
        lines.extend(others.iter().map(|it| format!("{it}: somebody else has it deploy there")));
        let losses = if step.on_uninstall == OnSpokes::Delete { self.lost.as_slice() } else { &[] };
        let losses: Vec<Hanging> = losses.iter().filter(|it| !named.covers(&it.object)).cloned().collect();
        lines.extend(Hanging::lines(&losses));
        if !others.is_empty() || !losses.is_empty() {
            remedies.push(named.remedy(others.iter().chain(losses.iter().map(|it| &it.object))));
        }
        if lines.is_empty() {
            return Ok(self);
        }
        let standing = if lines.len() == 1 { "something stands" } else { "some things stand" };
        Err(Failure::refused(format!("{standing} in the way of the removal of spoke {}; {what_now}", step.name))
            .details(lines)
            .hint(format!("{}; then run again", remedies.join("; "))))
    }

    /// Says what becomes of what is there, before anything is done.
    pub fn tell(&self, step: &SpokeStep, console: &Console) {
        let deletes = step.on_uninstall == OnSpokes::Delete;
        for it in &self.applications {
            let (what, end) =
                if deletes { ("deletes", "") } else { ("leaves", ", and nobody looks after it any more") };
            console.done(what, format!("{}: {} on {}{end}", it.name(), has(it), step.name));
        }
        for it in self.lost.iter().filter(|_| deletes) {
            console.done("deletes", it.to_string());
        }
        if deletes && !self.applications.is_empty() {
            console.say(format!(
                "warning: not looked at: what people or controllers have on {} beside that, such as in the same namespaces; \
                 Argo CD leaves namespaces that it made itself, definitions, what is marked to stay, and what its project does not permit",
                step.name
            ));
        }
        let meant = self.applications.iter().map(object).chain(self.lost.iter().map(|it| it.object.clone()));
        let meant: Vec<ObjectRef> = meant.collect();
        for name in Named::of(&step.may_remove).without_effect(meant.iter()) {
            if claimed::address(&name).or_else(|| claimed::all_of(&name)).is_none() {
                console.say(format!(
                    "warning: `mayRemove` names {name}, which nothing that needs a name is called: take it out again"
                ));
            }
        }
    }
}

fn object(application: &Application) -> ObjectRef {
    ObjectRef::of(&application.0)
}

fn has(application: &Application) -> String {
    match application.resources().count() {
        1 => "one object".to_owned(),
        count => format!("{count} objects"),
    }
}
