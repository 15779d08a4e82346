//! Which commit was proven last, and which one before the present.
//!
//! The cluster says it first; the notes in git say it where the cluster has forgotten.

use super::proven::readable;
use crate::argocd::proven::{self, Proven};
use crate::engine::Cluster;
use crate::git::{self, Access};
use crate::object::uid;
use crate::publish::{self, Past, Present};
use crate::report::{Console, Failure, Outcome};
use crate::words::argo;

/// What is known of a hub and of its proven commits.
pub struct Remembered {
    /// The hub as the branch holds it.
    pub present: Present,
    /// The commits of this hub in the history of the branch that were proven, the newest first.
    pub proven: Vec<Proven>,
    /// Those that are remembered and are not in its history any more.
    pub lost: Vec<String>,
}

impl Remembered {
    /// Asks the cluster and git, and says where they disagree.
    pub async fn of(access: &Access, cluster: &Cluster, console: &Console) -> Outcome<Self> {
        let end = cluster.deadline().end();
        let present = publish::present(access, end).await?;
        let present = present.ok_or_else(|| {
            Failure::failed(format!("there is no hub in {access}")).hint("check the repository and its branch")
        })?;
        let by_cluster = match proven::read(cluster).await {
            Ok(all) => all,
            Err(failure) => {
                console.say(format!("warning: {}; the notes in git count alone", failure.message));
                Vec::new()
            }
        };
        let noted: Vec<Proven> = match git::notes(access, end).await {
            Ok(notes) => notes.iter().filter_map(|note| readable(&note.text)).collect(),
            Err(failure) => {
                console.say(format!("warning: the notes of proven commits cannot be read: {}", failure.message));
                Vec::new()
            }
        };
        let of_this = |it: &Proven| it.cluster_uid == cluster.facts().uid;
        let [by_cluster, noted]: [Vec<Proven>; 2] =
            [by_cluster, noted].map(|all| all.into_iter().filter(of_this).collect());
        let root = cluster.metadata(&argo::application(argo::ROOT)).await?;
        let (noted, of_earlier) = in_this_life(noted, root.as_ref().map(uid));
        if of_earlier > 0 {
            console.say(format!(
                "warning: {of_earlier} notes of proven commits are of an Application root that this cluster had before: they do not count"
            ));
        }
        let (known, lost) = in_history(by_cluster, &present.history);
        if let Some(line) = disagreement(&known, &noted) {
            console.say(format!("warning: {line}"));
        }
        Ok(Self { proven: united(known, noted, &present.history), present, lost })
    }
}

/// Where the way back leads.
pub struct WayBack {
    /// The hub as it was there.
    pub past: Past,
    /// What was written down of it.
    pub proven: Proven,
    /// Whether the branch holds that render already: a run that was broken off goes on, and one that is made again goes no
    /// further back.
    pub is_there: bool,
}

impl WayBack {
    /// To the commit that was proven last before the present one.
    pub async fn of(remembered: &Remembered, access: &Access, cluster: &Cluster) -> Outcome<Self> {
        let Remembered { present, proven, .. } = remembered;
        let end = cluster.deadline().end();
        let (chosen, is_there) = match choose(proven, present) {
            Choice::Back(to) => (to, false),
            Choice::There(at) => (at, true),
            Choice::None => return Err(none(remembered, access)),
        };
        // An edit of people in what was proven is no render, so going back would leave it: it is told.
        if let Some(same) = proven.iter().find(|it| it.render == present.render).filter(|_| !is_there) {
            let edits = publish::past(access, &same.revision, end).await?.edits_since(present);
            if !edits.is_empty() {
                return Err(edited(access, same, edits));
            }
        }
        let past = publish::past(access, &chosen.revision, end).await?;
        Ok(Self { past, proven: chosen.clone(), is_there })
    }
}

/// Where the way back leads, by what is known.
#[derive(Debug, PartialEq, Eq)]
enum Choice<'p> {
    /// To this commit.
    Back(&'p Proven),
    /// The render of this commit is there again.
    There(&'p Proven),
    /// Nowhere.
    None,
}

/// The newest commit with another render than the present one. Where the present one was brought back already, by us or by
/// people who took our last commit back, it leads no further: a step that says `back` is run again by whoever repeats an action.
fn choose<'p>(proven: &'p [Proven], present: &Present) -> Choice<'p> {
    let same = proven.iter().find(|it| it.render == present.render);
    let is_back = present.last_render.as_ref().is_some_and(|last| last.is_back != last.is_taken_back);
    match same.filter(|_| is_back) {
        Some(same) => Choice::There(same),
        None => proven.iter().find(|it| it.render != present.render).map_or(Choice::None, Choice::Back),
    }
}

/// The notes of the hub that is there, and how many are of one that was there before. Without a root nobody can tell them apart.
fn in_this_life(noted: Vec<Proven>, root: Option<&str>) -> (Vec<Proven>, usize) {
    let Some(root) = root else { return (noted, 0) };
    let (of_this, others): (Vec<Proven>, Vec<Proven>) = noted.into_iter().partition(|it| it.root_uid == root);
    (of_this, others.len())
}

/// Those in the history, and the commits of the others.
fn in_history(all: Vec<Proven>, history: &[String]) -> (Vec<Proven>, Vec<String>) {
    let (known, lost): (Vec<Proven>, Vec<Proven>) = all.into_iter().partition(|it| history.contains(&it.revision));
    (known, lost.into_iter().map(|it| it.revision).collect())
}

/// What the cluster says, and what the notes say of commits that are older than all it knows.
fn united(by_cluster: Vec<Proven>, noted: Vec<Proven>, history: &[String]) -> Vec<Proven> {
    let place = |it: &Proven| history.iter().position(|commit| *commit == it.revision);
    let newest = by_cluster.iter().filter_map(place).min();
    let mut all = by_cluster;
    for one in noted {
        let is_newer = newest.is_some_and(|newest| place(&one) < Some(newest));
        if !is_newer && all.iter().all(|it| it.revision != one.revision) {
            all.push(one);
        }
    }
    all.retain(|it| place(it).is_some());
    all.sort_by_key(place);
    all
}

fn disagreement(by_cluster: &[Proven], noted: &[Proven]) -> Option<String> {
    let (one, other) = (by_cluster.first()?, noted.first()?);
    (one.revision != other.revision).then(|| {
        format!(
            "the cluster says that {} was proven last, the notes in git say {}: the cluster counts",
            one.revision, other.revision
        )
    })
}

fn edited(access: &Access, same: &Proven, edits: Vec<String>) -> Failure {
    let count = edits.len();
    let noun = if count == 1 { "file" } else { "files" };
    Failure::refused(format!(
        "{access} is rendered as it was at {}, which was proven, but people have edited {count} {noun} since; nothing was \
         written",
        same.revision
    ))
    .details(edits)
    .hint(format!(
        "take the edits back (`git checkout {} -- PATH` in a clone, commit, push); to keep them and go back further, prove \
         them first (`verify`)",
        same.revision
    ))
}

fn none(remembered: &Remembered, access: &Access) -> Failure {
    let Remembered { present, proven, lost } = remembered;
    let known = proven.iter().map(|it| format!("proven: {} at {}", it.revision, it.time));
    let lost = lost.iter().map(|it| format!("proven, and not in the history of the branch any more: {it}"));
    let what = if proven.is_empty() {
        format!("no commit in {access} is known to be proven")
    } else {
        format!("no commit before {} in {access} is known to be proven with another render", present.revision)
    };
    Failure::refused(format!("{what}; nothing was written")).details(known.chain(lost)).hint(
        "run upgrade with the bundle of the version that you want back; where nothing was ever proven, `verify` proves what is \
         there now",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Tree;
    use crate::publish::LastRender;

    /// Proven commits as `revision=render`, the newest first.
    fn all(text: &str) -> Vec<Proven> {
        let one = |pair: &str| {
            let (revision, render) = pair.split_once('=').expect("a pair");
            let fields = serde_json::json!({
                "revision": revision, "render": render, "repository": "", "branch": "", "clusterUid": "", "rootUid": "",
                "argocdUid": "", "versions": {}, "tool": "", "time": "",
            });
            serde_json::from_value(fields).expect("proven")
        };
        text.split_whitespace().map(one).collect()
    }

    fn revisions(all: &[Proven]) -> Vec<&str> {
        all.iter().map(|it| it.revision.as_str()).collect()
    }

    #[test]
    fn the_way_back_leads_to_the_render_before_the_present_one() {
        // `back`: our last commit brought an earlier render back; `taken`: people took our last commit back.
        for (proven, present, last, chosen) in [
            ("", "a", "", "nowhere"),
            ("1=a", "a", "", "nowhere"),
            ("1=a", "b", "", "to 1"),
            ("2=b 1=a", "b", "", "to 1"),
            ("2=b 1=a", "c", "", "to 2"),
            // Beads came on top, and the commit with the last of them was proven.
            ("4=b 1=a", "b", "", "to 1"),
            // Brought back, and not proven yet; proven; and run again.
            ("1=a", "a", "back", "at 1"),
            ("2=b 1=a", "a", "back", "at 1"),
            ("3=a 2=b 1=a", "a", "back", "at 3"),
            ("2=b 1=a", "a", "taken", "at 1"),
            ("2=b 1=a", "b", "back taken", "to 1"),
            // The newer version once more, by a bundle; the older one by its bundle.
            ("3=a 2=b 1=a", "b", "", "to 3"),
            ("3=a 2=b", "a", "", "to 2"),
        ] {
            let proven = all(proven);
            let present = Present {
                revision: "9".to_owned(),
                render: present.to_owned(),
                history: Vec::new(),
                last_render: Some(LastRender {
                    revision: "8".to_owned(),
                    is_back: last.contains("back"),
                    is_taken_back: last.contains("taken"),
                }),
                files: Tree::default(),
            };
            let found = match choose(&proven, &present) {
                Choice::Back(to) => format!("to {}", to.revision),
                Choice::There(at) => format!("at {}", at.revision),
                Choice::None => "nowhere".to_owned(),
            };
            assert_eq!(found, chosen, "{proven:?} {present:?}");
        }
    }

    #[test]
    fn notes_of_a_hub_that_was_there_before_do_not_count() {
        let mut noted = all("2=b 1=a");
        noted[0].root_uid = "root".to_owned();
        let (of_this, of_earlier) = in_this_life(noted.clone(), Some("root"));
        assert_eq!((revisions(&of_this), of_earlier), (vec!["2"], 1));
        let (of_this, of_earlier) = in_this_life(noted, None);
        assert_eq!((revisions(&of_this), of_earlier), (vec!["2", "1"], 0));
    }

    #[test]
    fn notes_add_what_the_cluster_has_forgotten() {
        let history: Vec<String> = ["5", "4", "3", "2", "1"].map(str::to_owned).into();
        for (by_cluster, noted, expected) in [
            ("", "4=d 2=b", vec!["4", "2"]),
            ("4=d 2=b", "", vec!["4", "2"]),
            ("4=d", "4=d 2=b", vec!["4", "2"]),
            ("3=c 1=a", "5=e 2=b", vec!["3", "2", "1"]),
            ("3=c", "9=x 1=a", vec!["3", "1"]),
        ] {
            let found = united(all(by_cluster), all(noted), &history);
            assert_eq!(revisions(&found), expected, "{by_cluster} {noted}");
        }
        let (known, lost) = in_history(all("4=d 9=x"), &history);
        assert_eq!((revisions(&known), lost), (vec!["4"], vec!["9".to_owned()]));
        assert_eq!(disagreement(&all("4=d"), &all("4=d 2=b")), None);
        assert!(disagreement(&all("3=c"), &all("5=e")).is_some_and(|it| it.contains("the cluster counts")));
    }
}
