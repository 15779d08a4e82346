//! `status`: how the hub is, and whether what is pushed is there.

use serde_json::json;

use super::find;
use super::head::head;
use crate::actions::current::PATIENCE;
use crate::argocd::Application;
use crate::argocd::application::short;
use crate::cli::StatusArgs;
use crate::document::Repository;
use crate::guard::check_follows;
use crate::hub::{Report, Seen};
use crate::object::str_at;
use crate::report::{Console, Exit, Failure, Outcome, OutputForm};
use crate::run::{WITH_NAMES, give};
use crate::schema::{address, is_surely_same_repository};
use crate::words::argo;

/// Tells how the hub is. One that is not ready is no failure of this verb, unless that is asked for.
pub async fn status(args: &StatusArgs, form: Option<&str>, console: &Console) -> Outcome<()> {
    let form = OutputForm::of(form, WITH_NAMES)?;
    let current = find(&args.hub, PATIENCE, console).await?;
    if let Some(wanted) = &args.repository {
        check_is(wanted, &current.repository, &current.root)?;
    }
    let mut seen = Seen::of(&current.cluster, &current.repository).await?;
    let head = head(&current).await;
    let followers: Vec<Application> = seen.followers(&current.repository).collect();
    add_head(&mut seen.report, &current.repository, seen.revision.as_deref(), &head, &followers);
    let names = seen.report.names().map(argo::printed).collect::<Vec<_>>();
    give(form, &seen.report.status, names, || {
        seen.tell(console);
        if let Err(failure) = &head {
            console.say(format!("warning: not looked at: {}", unasked(failure)));
        }
    })?;
    if args.exit_code { demand(&seen.report) } else { Ok(()) }
}

/// Holds the hub against the head of its branch: what is pushed and not there yet is no hub that is ready.
fn add_head(
    report: &mut Report,
    repository: &Repository,
    revision: Option<&str>,
    head: &Outcome<String>,
    followers: &[Application],
) {
    let Repository { url, branch, .. } = repository;
    report.status["repository"] = json!({"url": address::shown(url), "branch": branch});
    if let Some(revision) = revision {
        report.status["revision"] = json!(revision);
    }
    let head = match head {
        Ok(head) => head,
        Err(failure) => {
            if let Some(list) = report.status["notLookedAt"].as_array_mut() {
                list.push(json!(unasked(failure)));
            }
            let message = str_at(&report.status, "/message");
            report.status["message"] = json!(format!("{message}; whether more is pushed is not known"));
            return;
        }
    };
    report.status["repository"]["head"] = json!(head);
    let behind: Vec<&str> = followers.iter().filter(|it| !it.is_at(head)).map(Application::name).collect();
    report.status["behind"] = json!(behind);
    let pushed = short(head);
    match revision {
        Some(at) if at == head && behind.is_empty() => {}
        Some(at) if at == head => {
            let why = format!("{pushed} is pushed, and not compared with it yet: {}", behind.join(", "));
            report.worsen("Pending", &why);
        }
        at => {
            let at = at.map_or("no commit", short);
            report.worsen("Pending", &format!("{pushed} is pushed, Argo CD is at {at}"));
        }
    }
}

fn unasked(failure: &Failure) -> String {
    format!("the commit that the branch is at: {}", failure.message)
}

/// Refuses a hub of another repository or branch than the one that is named.
fn check_is(wanted: &str, repository: &Repository, root: &Application) -> Outcome<()> {
    let (url, branch) = named(wanted, repository);
    let wanted = Repository { url, branch, ..repository.clone() };
    check_follows(root, &wanted).map_err(|failure| {
        failure.hint("name the cluster of that hub by --kubeconfig and --context, or leave --repository out")
    })
}

/// The address and the branch in `URL[@BRANCH]`; without a branch that of the hub. There may be an `@` in an address, too.
fn named(wanted: &str, repository: &Repository) -> (String, String) {
    let whole = (wanted.to_owned(), repository.branch.clone());
    if is_surely_same_repository(wanted, &repository.url) {
        return whole;
    }
    let (url, branch) = address::and_branch(wanted);
    let branch = branch.filter(|it| !it.is_empty() && url.contains(['/', ':']));
    branch.map_or(whole, |branch| (url.to_owned(), branch.to_owned()))
}

fn demand(report: &Report) -> Outcome<()> {
    if report.status["status"] == "Ready" {
        return Ok(());
    }
    Err(Failure::new(Exit::NotReady, format!("the hub is {}", str_at(&report.status, "/status")))
        .details([str_at(&report.status, "/message")]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "0123456789abcdef0123456789abcdef01234567";
    const BEFORE: &str = "fedcba9876543210fedcba9876543210fedcba98";

    fn repository() -> Repository {
        serde_json::from_value(json!({"url": "https://git.example.org/me/hub.git"})).expect("a repository")
    }

    fn application(name: &str, revision: &str) -> Application {
        Application(json!({"metadata": {"name": name, "namespace": argo::NAMESPACE},
            "spec": {"source": {"repoURL": repository().url, "targetRevision": "main"}},
            "status": {"sync": {"status": "Synced", "revision": revision}, "health": {"status": "Healthy"},
                "operationState": {"phase": "Succeeded", "syncResult": {"revision": revision}}}}))
    }

    fn seen(head: &Outcome<String>, root: &str, argocd: &str) -> Report {
        let all = [application(argo::ROOT, root), application(argo::ARGOCD, argocd)];
        let mut report = Report::of(all.clone(), "hub");
        report.status["notLookedAt"] = json!([]);
        add_head(&mut report, &repository(), Some(root), head, &all);
        report
    }

    #[test]
    fn what_is_pushed_and_not_there_yet_is_not_ready() {
        let told = |report: &Report| {
            (str_at(&report.status, "/status").to_owned(), str_at(&report.status, "/message").to_owned())
        };
        let head = Ok(HEAD.to_owned());
        let ready = seen(&head, HEAD, HEAD);
        assert_eq!(told(&ready), ("Ready".to_owned(), "all 2 Applications are Synced and Healthy".to_owned()));
        assert!(demand(&ready).is_ok());

        let behind = seen(&head, BEFORE, BEFORE);
        let (status, message) = told(&behind);
        assert!(status == "Pending" && message.starts_with("0123456789ab is pushed, Argo CD is at fedcba987654; "));
        assert_eq!(behind.status["behind"], json!(["root", "argocd"]));
        assert_eq!(demand(&behind).expect_err("not ready").exit.code(), 6);

        let half = seen(&head, HEAD, BEFORE);
        let (status, message) = told(&half);
        assert!(
            status == "Pending" && message.contains("0123456789ab is pushed, and not compared with it yet: argocd; "),
            "{message}"
        );
    }

    #[test]
    fn a_branch_that_could_not_be_asked_is_said() {
        let report = seen(&Err(Failure::failed("it does not let us in")), HEAD, HEAD);
        assert_eq!(report.status["notLookedAt"], json!(["the commit that the branch is at: it does not let us in"]));
        assert!(str_at(&report.status, "/message").ends_with("whether more is pushed is not known"));
        assert!(report.status["repository"].get("head").is_none());
    }

    #[test]
    fn an_address_is_named_with_a_branch_or_without() {
        let named = |text: &str| named(text, &repository());
        for (text, url, branch) in [
            ("https://git.example.org/me/hub", "https://git.example.org/me/hub", "main"),
            ("https://git.example.org/me/hub.git@feature/x", "https://git.example.org/me/hub.git", "feature/x"),
            ("git@git.example.org:me/other.git", "git@git.example.org:me/other.git", "main"),
            ("git@git.example.org:me/other@dev", "git@git.example.org:me/other", "dev"),
            ("ssh://git@host/x", "ssh://git@host/x", "main"),
            ("ssh://git@host/x@dev", "ssh://git@host/x", "dev"),
        ] {
            assert_eq!(named(text), (url.to_owned(), branch.to_owned()), "{text}");
        }
        let root = application(argo::ROOT, HEAD);
        assert!(check_is("https://git.example.org/me/hub", &repository(), &root).is_ok());
        assert!(check_is("https://git.example.org/me/hub.git@main", &repository(), &root).is_ok());
        for other in ["https://git.example.org/me/hub.git@dev", "https://git.example.org/me/other.git"] {
            assert_eq!(check_is(other, &repository(), &root).expect_err(other).exit.code(), 3);
        }
    }
}
