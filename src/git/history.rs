//! A branch has to go on from where the hub is that follows it: Argo CD deletes what a commit lacks, and a branch that
//! was made anew lacks everything.

use super::access::Access;
use super::notes::NOTES;
use super::repository::Git;
use super::since::Since;
use crate::report::{Failure, Outcome};

/// Fetches the branch, and answers its commit; `None` when it is not there. One that does not go on from where its hub is
/// is refused.
pub(crate) async fn fetch(git: &Git<'_>, access: &Access) -> Outcome<Option<String>> {
    go_on(git, access, git.fetch().await?).await
}

/// The same, with the notes beside it.
pub(crate) async fn fetch_with_notes(git: &Git<'_>, access: &Access) -> Outcome<Option<String>> {
    go_on(git, access, git.fetch_with(NOTES).await?).await
}

async fn go_on(git: &Git<'_>, access: &Access, head: Option<String>) -> Outcome<Option<String>> {
    let Some(since) = &access.since else { return Ok(head) };
    let Some(head) = head else { return Err(lost(since, access, "is not there or has no commit")) };
    let Some(commit) = &since.commit else { return Ok(Some(head)) };
    if since.accepted.as_ref() == Some(&head) || goes_on(git, &head, &since.known()).await? {
        since.went_on_to(&head);
        return Ok(Some(head));
    }
    Err(rewritten(since, access, &head, commit))
}

/// Whether the branch goes back to one of these commits: mostly that is its head, or the parent of it.
async fn goes_on(git: &Git<'_>, head: &str, known: &[String]) -> Outcome<bool> {
    let near = git.and_parents(head).await?;
    if near.iter().any(|it| known.contains(it)) {
        return Ok(true);
    }
    git.history_has_any(head, known).await
}

/// The refusal of a branch without the hub that lives on the cluster.
pub(crate) fn lost(since: &Since, access: &Access, what: &str) -> Failure {
    let remedy = match &since.commit {
        Some(commit) => format!(
            "a commit of ours would be one without them, and Argo CD would delete them: push the branch again as it was \
             (`git push REPOSITORY {commit}:refs/heads/{}` from a clone that has it), then run again",
            access.branch
        ),
        None => "restore the branch, then run again".to_owned(),
    };
    Failure::refused(format!("a hub on this cluster follows {access}, which {what}; nothing was written"))
        .details(since.tell())
        .hint(remedy)
}

fn rewritten(since: &Since, access: &Access, head: &str, commit: &str) -> Failure {
    Failure::refused(format!(
        "the history of {access} was rewritten: {head} does not go back to {commit}, which the hub runs; nothing was written"
    ))
    .details(since.tell())
    .hint(format!(
        "put {commit} back into the history (merge it, or push the old branch again); if what is there now is meant, give \
         the step `acceptHistory: {head}` (in a bundle: its parameter, `accept-history={head}`)"
    ))
}
