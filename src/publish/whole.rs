//! A hub as its repository holds it, all files included, and its move to another cluster by one commit.

use std::time::Instant;

use super::hub::not_a_lock;
use crate::document::{Hub, Repository, Resolved, read_hub_as_it_is};
use crate::files::{ChangeKind, FileChange, Merged, Snapshot, Tree, sha256};
use crate::git::{Access, Git, Proposal, Published, history, push_merge};
use crate::hub_repository::HubLock;
use crate::hub_repository::layout::{HUB_FILE, LOCK_FILE};
use crate::report::{Failure, Outcome};
use crate::schema::is_surely_same_repository;
use crate::yaml;

/// A hub at a commit of its repository.
#[derive(Debug)]
pub struct Whole {
    /// The commit that the branch is at.
    pub revision: String,
    /// Every file, those of people and of beads, too.
    pub files: Snapshot,
    /// Its lock.
    pub lock: HubLock,
    /// Its document.
    pub hub: Hub,
}

impl Whole {
    /// Reads it. Refuses a branch that holds none, and one that a newer version has written.
    pub async fn read(access: &Access, deadline: Instant) -> Outcome<Self> {
        Self::by(&Git::new(access, deadline).await?, access).await
    }

    async fn by(git: &Git<'_>, access: &Access) -> Outcome<Self> {
        let Some(revision) = history::fetch(git, access).await? else {
            return Err(no_hub(access, "the branch is not there or has no commit"));
        };
        let files = git.snapshot(&revision, |_| true).await?;
        Self::of(revision, files, access)
    }

    fn of(revision: String, files: Snapshot, access: &Access) -> Outcome<Self> {
        let file = |path: &str| files.get(path).and_then(Option::as_deref);
        let lock = file(LOCK_FILE).ok_or_else(|| no_hub(access, &format!("{LOCK_FILE} is missing")))?;
        refuse_newer(lock, access)?;
        let lock = HubLock::read(lock).map_err(|failure| not_a_lock(access, &failure))?;
        let text = file(HUB_FILE).ok_or_else(|| no_hub(access, &format!("{HUB_FILE} is missing")))?;
        let text =
            std::str::from_utf8(text).map_err(|_| no_hub(access, &format!("{HUB_FILE} is not text in UTF-8")))?;
        let hub = read_hub_as_it_is(&format!("{HUB_FILE} of the hub repository"), text)?;
        Ok(Self { revision, files, lock, hub })
    }

    /// Our files, people's edits included.
    pub fn tree(&self) -> Outcome<Tree> {
        let mut tree = Tree::default();
        for path in self.lock.files.keys().map(String::as_str).chain([LOCK_FILE]) {
            if let Some(Some(bytes)) = self.files.get(path) {
                tree.insert(path, bytes)?;
            }
        }
        Ok(tree)
    }

    /// What it was rendered for; nothing where people have taken that out of its document.
    #[must_use]
    pub fn resolved(&self) -> Option<&Resolved> {
        self.hub.spec.resolved.as_ref()
    }

    /// Refuses a step with another address than the files have: Argo CD reads what stands in them.
    pub fn is_of(&self, repository: &Repository) -> Outcome<()> {
        let wanted = (repository.url.as_str(), repository.branch.as_str());
        let there = self.resolved().map_or(("nothing", ""), |it| (it.repository.as_str(), it.branch.as_str()));
        if is_surely_same_repository(there.0, wanted.0) && there.1 == wanted.1 {
            return Ok(());
        }
        Err(Failure::refused("the files of this repository have Argo CD follow another one; nothing was written")
            .details([
                format!("in {HUB_FILE} there: {} (branch {})", there.0, there.1),
                format!("in the step: {} (branch {})", wanted.0, wanted.1),
            ])
            .hint(
                "give the step the address that stands in the files; where the repository has moved, let that address lead to it, \
                 or install from the bundle to render the new one",
            ))
    }

    /// Refuses a hub that has gone to a third cluster since it was looked at: that one lives.
    fn is_still_of(&self, from: &str, to: &str, access: &Access) -> Outcome<()> {
        let there = self.lock.cluster_uid.as_str();
        if there == from || there == to {
            return Ok(());
        }
        Err(Failure::refused(format!("{access} has become the hub of another cluster meanwhile; nothing was written"))
            .details([format!("cluster {from} when it was looked at, and now {there}")])
            .hint("find out who has moved it; only one cluster can be the hub of a repository"))
    }

    /// What a commit changes that makes it the hub of another cluster: what names the cluster, and nothing else.
    pub fn moved_to(&self, uid: &str) -> Outcome<Merged> {
        let before = self.lock.cluster_uid.as_str();
        let mut merged = Merged { changes: Vec::new(), tree: self.tree()? };
        let mut lock = HubLock { cluster_uid: uid.to_owned(), ..self.lock.clone() };
        for path in self.lock.files.keys() {
            let Some(Some(bytes)) = self.files.get(path) else { continue };
            let Ok(text) = std::str::from_utf8(bytes) else { continue };
            if before.is_empty() || !text.contains(before) {
                continue;
            }
            let after = text.replace(before, uid).into_bytes();
            // An edit of people stays one.
            if lock.files.get(path) == Some(&sha256(bytes)) {
                lock.files.insert(path.clone(), sha256(&after));
            }
            merged.tree.rewrite(path, after);
            merged.changes.push(FileChange { kind: ChangeKind::Update, path: path.clone() });
        }
        merged.tree.rewrite(LOCK_FILE, yaml::print(&lock).into_bytes());
        merged.changes.push(FileChange { kind: ChangeKind::Update, path: LOCK_FILE.to_owned() });
        Ok(merged)
    }

    /// The files of people and of beads that name the cluster. Nobody but them knows what that is for.
    #[must_use]
    pub fn others_that_name(&self, uid: &str) -> Vec<&str> {
        let is_ours = |path: &str| path == LOCK_FILE || self.lock.files.contains_key(path);
        let names = |bytes: &[u8]| std::str::from_utf8(bytes).is_ok_and(|text| text.contains(uid));
        let all = self.files.iter().filter_map(|(path, bytes)| Some((path.as_str(), bytes.as_deref()?)));
        all.filter(|(path, bytes)| !is_ours(path) && names(bytes)).map(|(path, _)| path).collect()
    }
}

/// Makes the repository of the hub on the cluster `from`, which was looked at, that of another cluster, by one commit; none where it is
/// already. Somebody may push meanwhile, so `may_move` judges what is committed upon.
pub async fn move_to(
    access: &Access,
    from: &str,
    uid: &str,
    may_move: impl Fn(&Whole) -> Outcome<()>,
    deadline: Instant,
) -> Outcome<Published> {
    let message = format!("Move the hub to cluster {uid} with backstack {}", env!("CARGO_PKG_VERSION"));
    let merge = async |git: &Git<'_>| {
        let there = Whole::by(git, access).await?;
        there.is_still_of(from, uid, access)?;
        let merged = if there.lock.cluster_uid == uid {
            Merged { changes: Vec::new(), tree: there.tree()? }
        } else {
            may_move(&there)?;
            there.moved_to(uid)?
        };
        Ok(Proposal { parent: Some(there.revision), merged, left: Vec::new(), unknown: Vec::new() })
    };
    push_merge(access, &message, deadline, merge).await
}

/// What a newer version has written may hold what this one does not know. Looked for in the text: its lock may have other fields.
fn refuse_newer(lock: &[u8], access: &Access) -> Outcome<()> {
    let text = String::from_utf8_lossy(lock);
    let tool = text.lines().find_map(|line| line.strip_prefix("tool:")).map(|it| it.trim().trim_matches(['"', '\'']));
    let version = |text: &str| semver::Version::parse(text).ok();
    let (Some(theirs), Some(ours)) = (tool.and_then(version), version(env!("CARGO_PKG_VERSION"))) else {
        return Ok(());
    };
    if theirs <= ours {
        return Ok(());
    }
    Err(Failure::refused(format!(
        "{access} was written by backstack {theirs}, and this is {ours}; nothing was written"
    ))
    .hint("install with that version or a newer one"))
}

fn no_hub(access: &Access, why: &str) -> Failure {
    Failure::refused(format!("there is no hub in {access}: {why}; nothing was written")).hint(
        "check the repository and its branch; a hub that was never installed comes from its bundle, without `from`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Digests;

    const HUB: &str = "apiVersion: backstack.dev/v1alpha1\nkind: Hub\nmetadata: {name: h}\nspec:\n  argocd: {version: 3.6.1}\n  \
        resolved: {repository: 'https://git.example.org/h.git', branch: main, clusterUid: old-uid}\n";

    fn access() -> Access {
        Access::new("/srv/h.git", "main", None)
    }

    fn whole(others: &[(&str, &str)], edited: &[&str]) -> Whole {
        let mut files = Snapshot::new();
        let mut digests = Digests::new();
        for (path, text) in
            [(HUB_FILE, HUB), ("spokes/probe/configmap.yaml", "hub: old-uid\n"), ("argocd/a.yaml", "a: b\n")]
        {
            let digest = if edited.contains(&path) { sha256(b"as it was") } else { sha256(text.as_bytes()) };
            digests.insert(path.to_owned(), digest);
            files.insert(path.to_owned(), Some((*text).into()));
        }
        let lock = HubLock {
            files: digests,
            ..HubLock::of(&Tree::default(), &[], "old-uid", crate::hub_repository::HubImages::default())
        };
        files.insert(LOCK_FILE.to_owned(), Some(yaml::print(&lock).into()));
        files.extend(others.iter().map(|(path, text)| ((*path).to_owned(), Some((*text).into()))));
        Whole::of("c".to_owned(), files, &access()).expect("a hub")
    }

    #[test]
    fn a_move_changes_what_names_the_cluster_and_nothing_else() {
        let there = whole(&[("notes.txt", "ours is old-uid"), ("beads/x/y.yaml", "a: 1\n")], &[]);
        let merged = there.moved_to("new-uid").expect("moved");
        let changed: Vec<&str> = merged.changes.iter().map(|it| it.path.as_str()).collect();
        assert_eq!(changed, [HUB_FILE, "spokes/probe/configmap.yaml", LOCK_FILE]);
        assert_eq!(merged.tree.text(HUB_FILE).expect("there"), HUB.replace("old-uid", "new-uid"));
        let lock = HubLock::read(merged.tree.text(LOCK_FILE).expect("there").as_bytes()).expect("a lock");
        assert_eq!(lock.cluster_uid, "new-uid");
        assert_eq!(lock.files[HUB_FILE], sha256(HUB.replace("old-uid", "new-uid").as_bytes()), "still as rendered");
        assert_eq!(lock.files["argocd/a.yaml"], there.lock.files["argocd/a.yaml"]);
        assert_eq!(there.others_that_name("old-uid"), ["notes.txt"]);
    }

    #[test]
    fn a_hub_that_somebody_else_has_moved_meanwhile_is_not_moved() {
        let there = whole(&[], &[]);
        there.is_still_of("old-uid", "new-uid", &access()).expect("as it was looked at");
        there.is_still_of("other", "old-uid", &access()).expect("moved by an earlier run");
        let refused = there.is_still_of("other", "new-uid", &access()).expect_err("a third one");
        assert!(refused.exit.code() == 3 && refused.details[0].contains("old-uid"), "{refused:?}");
    }

    #[test]
    fn an_edit_of_people_stays_one_when_the_hub_moves() {
        let there = whole(&[], &[HUB_FILE]);
        let merged = there.moved_to("new-uid").expect("moved");
        let lock = HubLock::read(merged.tree.text(LOCK_FILE).expect("there").as_bytes()).expect("a lock");
        assert_eq!(lock.files[HUB_FILE], sha256(b"as it was"));
        assert!(merged.tree.text(HUB_FILE).expect("there").contains("new-uid"));
    }

    #[test]
    fn what_is_no_hub_or_of_a_newer_version_is_refused() {
        let there = whole(&[], &[]);
        let without = |path: &str| {
            let mut files = there.files.clone();
            files.remove(path);
            files
        };
        let mut newer = there.files.clone();
        let lock = String::from_utf8(newer[LOCK_FILE].clone().expect("a file").bytes.into()).expect("text");
        let lock = lock.replace(env!("CARGO_PKG_VERSION"), "99.0.0") + "fieldOfTomorrow: 1\n";
        newer.insert(LOCK_FILE.to_owned(), Some(lock.into()));
        for (files, said) in [
            (without(LOCK_FILE), "lock.yaml is missing"),
            (without(HUB_FILE), "hub.yaml is missing"),
            (newer, "written by backstack 99.0.0"),
        ] {
            let refused = Whole::of("c".to_owned(), files, &access()).expect_err("refused");
            assert!(refused.message.contains(said) && refused.exit.code() == 3, "{refused:?}");
        }
    }
}
