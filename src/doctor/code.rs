//! The table of what can be found: stable names, what each means, and what to do. `docs/doctor.md` has a section for each.

/// A sort of finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// The name by which programs and people know it. It never changes.
    pub name: &'static str,
    /// What it means, in one line.
    pub means: &'static str,
    /// What to do about it, in one line.
    pub remedy: &'static str,
}

macro_rules! codes {
    ($($constant:ident = $name:literal, $means:literal, $remedy:literal;)*) => {
        $(#[doc = concat!("`", $name, "`")] pub const $constant: Code = Code { name: $name, means: $means, remedy: $remedy };)*
        /// All of them, the most harmful first.
        pub const CODES: &[Code] = &[$($constant),*];
    };
}

codes! {
    PENDING_CASCADE = "pending-cascade",
        "An Application is being deleted together with all that it deploys.",
        "if that is not meant, take its resources-finalizer off before the controller is done, then let git or its owner make it anew";
    SELF_CASCADES = "self-cascades",
        "The Application that deploys Argo CD itself, or one above it, takes everything along when it goes.",
        "take the resources-finalizer and `allowEmpty` off it, in git where git has them";
    STORED_VERSION_DOOMED = "stored-version-doomed",
        "A definition has objects stored in a version that is old, or going.",
        "rewrite the objects in the version of today and set status.storedVersions: `migrate: true` of an upgrade does";
    CONVERSION_WEBHOOK_DEAD = "conversion-webhook-dead",
        "A definition converts its objects by a webhook that nobody answers, so that no list of them succeeds and Argo CD sees nothing.",
        "bring its service and its caBundle back, or leave the group out of Argo CD by `resource.exclusions` meanwhile";
    OTHER_INSTALLER = "other-installer",
        "Somebody else has installed this Argo CD too, and can upgrade or remove it.",
        "let one of them go: take the release, or what it is, out of the other tool without removing its objects";
    WRITE_CREDENTIAL = "write-credential",
        "Argo CD holds a credential that may push to git, or one for every repository of a host.",
        "give it a read-only credential for the repositories that it reads";
    PROJECT_ALLOWS_ALL = "project-allows-all",
        "A project that Applications use allows every repository, destination and kind, or the namespace of Argo CD itself.",
        "give the project its own repositories, destinations and kinds";
    COMPARISON_BLIND = "comparison-blind",
        "Argo CD cannot compare an Application with git: nothing is synced, healed or pruned there, whatever its health says.",
        "mend what the condition names, then refresh; where one object's dry run is refused, see the condition";
    SYNC_NEVER_RETRIED = "sync-never-retried",
        "The last sync has failed at the very commit that is wanted; Argo CD does not try that one again.",
        "mend the cause, then sync by hand, or commit something new";
    OPERATION_STUCK = "operation-stuck",
        "A sync has been under way for hours, and nothing bounds it, or nobody will begin it.",
        "look at what it waits for, end it, and set controller.sync.timeout.seconds";
    HELD = "held",
        "Somebody holds an Application or a cluster, so that Argo CD does not act on it.",
        "let go of it, once whoever held it is done";
    RECOVERY_LEFT = "recovery-left",
        "A recovery was broken off, and what it had put out of the way or stopped is still so.",
        "run `recover` again: it puts back what the last run has left";
    FOREIGN_FIELDS = "foreign-fields",
        "An object that is Synced has fields that git does not hold: another tool has left or set them.",
        "write the fields into git, or take them off the object; adopting it lets an installer's go";
    DEAD_CLUSTER = "dead-cluster",
        "An Application deploys to a cluster that Argo CD does not know.",
        "register the cluster again, or delete the Application without its cascade";
    SHARED_OBJECT = "shared-object",
        "Two Applications deploy the same object, and take it from each other.",
        "leave it to one of them";
    TRACKER_MISSING = "tracker-missing",
        "An object says that it is of an Application that does not exist on this cluster.",
        "see whether the Argo CD of another cluster deploys it; if none does, bring the Application back, or take the tracking annotation off";
    WEBHOOK_LEFT = "webhook-left",
        "An admission webhook that must agree calls a service that does not answer: what it is asked about is refused.",
        "bring its service back, or delete the webhook's configuration if its program is gone";
    LEGACY_KINDS = "legacy-kinds",
        "Objects are of a kind or version that a next version no longer has.",
        "convert them before that version comes";
    HOOK_STUCK = "hook-stuck",
        "A hook of a sync does not go, or is gone too soon.",
        "take its hook-finalizer off if its work is done; give hooks no ttlSecondsAfterFinished";
    SET_EATS = "appset-eats",
        "An ApplicationSet may delete Applications, with what they deploy, by a change that is not about them.",
        "set syncPolicy.preserveResourcesOnDeletion, and mend what its condition names";
    ORPHANS = "orphans",
        "In Argo CD's own namespace is what no Application tracks: git does not have it, and nobody would bring it back.",
        "put it into git, or delete it if nobody needs it";
    VERSION_GAP = "version-gap",
        "The parts of Argo CD are of different versions, or of one that does not go with this Kubernetes or with server-side apply.",
        "upgrade all parts to one version, 3.3.2 or later, that is tested with this Kubernetes";
    LAST_APPLIED_HUGE = "last-applied-huge",
        "The annotation in which `kubectl apply` keeps its object has nearly outgrown what an object may have.",
        "apply it server-side, and take the annotation off";
    ADMIN_ENABLED = "admin-enabled",
        "The first password of the admin is still there.",
        "set another one, and delete the Secret argocd-initial-admin-secret";
    PROJECT_MISSING = "project-missing",
        "An Application is of a project that does not exist.",
        "make the project, or name one that exists";
    SELF_CLIENT_SIDE = "self-client-side",
        "The Application that deploys Argo CD itself does not apply server-side, and a definition of Argo CD is too large for anything else.",
        "set the sync option ServerSideApply=true on it";
    DEFINITIONS_PRUNABLE = "definitions-prunable",
        "Argo CD's own definitions go when a commit drops them, and every Application goes with them.",
        "annotate them in git with the sync option Prune=false";
    WAVES_UNHEEDED = "waves-unheeded",
        "Applications are ordered by waves, and Argo CD has no way to tell when one is healthy.",
        "add the health check of Applications to argocd-cm";
    SECRET_EMPTY = "secret-empty",
        "A Secret that is to say how a cluster or repository is reached says nothing.",
        "write it anew, or delete it";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_plain_words_and_each_is_there_once() {
        let names: BTreeSet<&str> = CODES.iter().map(|it| it.name).collect();
        assert_eq!(names.len(), CODES.len());
        assert!(names.iter().all(|it| it.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')), "{names:?}");
    }
}
