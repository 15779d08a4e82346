//! `logs`: what Argo CD's parts print, each line with its pod, for `grep` and for people.

use std::cell::Cell;
use std::collections::BTreeSet;

use futures::StreamExt as _;
use serde_json::Value;
use tokio::sync::Notify;

use super::current::{PATIENCE, connected};
use crate::cli::LogsArgs;
use crate::engine::pods::{self, Container};
use crate::engine::{Cluster, Deadline, LogRange, one_line};
use crate::guard::part_of;
use crate::hub::logs::{described, read, remember_secrets};
use crate::object::{ObjectRef, name};
use crate::report::{Console, Failure, Outcome, hand_on, redact, scrub};
use crate::run::given_time;
use crate::schema::closest;
use crate::words::argo;

/// Logs under way at once: each goes by the API server to a node, and is held up to its bound until it is told.
const AT_ONCE: usize = 4;
/// What the names of all parts begin with.
const PREFIX: &str = "argocd-";

/// A container whose log is wanted.
struct Source {
    pod: ObjectRef,
    container: Container,
    /// What stands before its lines.
    prefix: String,
}

/// Prints the logs that the command line asks for: lines on stdout, what is to be said of them on stderr.
pub async fn run(args: &LogsArgs, console: &Console) -> Outcome<()> {
    let since = args.since.as_deref().map(|text| given_time("--since", text)).transpose()?;
    let range = LogRange { since, ..LogRange::last(args.tail) };
    let cluster = connected(&args.cluster, Deadline::after(PATIENCE), console).await?;
    let pods = cluster.list(&ObjectRef::new("v1", "Pod", Some(argo::NAMESPACE), "")).await?;
    let pods = of_parts(pods, &args.parts)?;
    remember_secrets(&cluster, argo::NAMESPACE, console).await;
    for pod in pods.iter().filter(|pod| pods::containers(pod).is_empty()) {
        console.say(format!("{}: no log: {}", name(pod), pods::state(pod)));
    }
    let sources: Vec<Source> = pods.iter().flat_map(sources).collect();
    if args.follow {
        follow(&sources, range, &cluster, console).await
    } else {
        print(&sources, range, &cluster, console).await
    }
}

/// Which part of Argo CD a pod is of, without the prefix that all have.
fn part(pod: &Value) -> &str {
    let label = Some(part_of(pod)).filter(|it| !it.is_empty());
    let part = label.unwrap_or_else(|| name(pod));
    part.strip_prefix(PREFIX).unwrap_or(part)
}

/// The pods of these parts, or all of them; by part, then by name.
fn of_parts(mut pods: Vec<Value>, wanted: &[String]) -> Outcome<Vec<Value>> {
    pods.sort_by(|one, other| (part(one), name(one)).cmp(&(part(other), name(other))));
    let parts: BTreeSet<String> = pods.iter().map(|it| part(it).to_owned()).collect();
    if parts.is_empty() {
        return Err(Failure::failed(format!("there is no pod in namespace {}", argo::NAMESPACE))
            .hint("`backstack open` and `kubectl get deployments -n argocd` say what is there of Argo CD"));
    }
    let wanted: Vec<&str> = wanted.iter().map(|it| it.strip_prefix(PREFIX).unwrap_or(it)).collect();
    if let Some(unknown) = wanted.iter().find(|it| !parts.contains(**it)) {
        let all: Vec<&str> = parts.iter().map(String::as_str).collect();
        let failure = Failure::usage(format!("no pod in namespace {} is of the part `{unknown}`", argo::NAMESPACE));
        return Err(match closest(unknown, &all) {
            Some(near) => failure.hint(format!("did you mean `{near}`?")),
            None => failure.hint(format!("there are {}", all.join(", "))),
        });
    }
    pods.retain(|it| wanted.is_empty() || wanted.contains(&part(it)));
    Ok(pods)
}

/// The containers of a pod. Those that have prepared it, and did well, have told what they had to.
fn sources(pod: &Value) -> Vec<Source> {
    let mut containers = pods::containers(pod);
    containers.retain(|it| !it.has_prepared());
    let is_one = containers.len() == 1;
    let source = |container: Container| Source {
        pod: ObjectRef::of(pod),
        prefix: if is_one { name(pod).to_owned() } else { format!("{}/{}", name(pod), container.name) },
        container,
    };
    containers.into_iter().map(source).collect()
}

/// The last lines of each, one after the other.
async fn print(sources: &[Source], range: LogRange, cluster: &Cluster, console: &Console) -> Outcome<()> {
    let logs = futures::stream::iter(sources)
        .map(|it| async move { (it, read(cluster, &it.pod, &it.container, range).await) })
        .buffered(AT_ONCE);
    let mut logs = Box::pin(logs);
    while let Some((it, log)) = logs.next().await {
        if !it.container.is_well {
            console.say(format!("{}: {}", it.prefix, described(&it.container)));
        }
        match log {
            Ok(text) => {
                let lines: String = redact(&text).lines().map(|line| prefixed(it, line)).collect();
                if !hand_on(&lines)? {
                    return Ok(());
                }
            }
            Err(fault) => console.say(format!("{}: no log: {}", it.prefix, one_line(&fault.message))),
        }
    }
    Ok(())
}

/// All of them at once, line by line, as long as they run and somebody reads.
async fn follow(sources: &[Source], range: LogRange, cluster: &Cluster, console: &Console) -> Outcome<()> {
    let (gone, why) = (Notify::new(), Cell::new(None));
    let all = futures::stream::iter(sources).for_each_concurrent(None, |it| {
        let (gone, why) = (&gone, &why);
        async move {
            let take = |line: &str| match hand_on(&prefixed(it, &redact(line))) {
                Ok(true) => {}
                Ok(false) => gone.notify_one(),
                Err(failure) => {
                    why.set(Some(failure));
                    gone.notify_one();
                }
            };
            match cluster.follow_log(&it.pod, &it.container.name, range, take).await {
                Ok(()) => console.say(format!("{}: has ended", it.prefix)),
                Err(fault) => console.say(format!("{}: no log: {}", it.prefix, one_line(&fault.message))),
            }
        }
    });
    tokio::select! {
        () = all => {}
        () = gone.notified() => {}
    }
    why.take().map_or(Ok(()), Err)
}

/// A line as it may be shown, of which nothing secret is left that is known.
fn prefixed(source: &Source, line: &str) -> String {
    format!("{} | {}\n", source.prefix, scrub(line))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(name: &str, part: &str) -> Value {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "argocd", "labels": {"app.kubernetes.io/name": part}},
            "status": {"initContainerStatuses": [{"name": "copy", "ready": true, "state": {"terminated": {"exitCode": 0}}}],
                "containerStatuses": [{"name": "main", "ready": true, "state": {"running": {}}}]}})
    }

    #[test]
    fn a_part_is_named_with_or_without_the_prefix_of_all() {
        let all = || vec![pod("b", "argocd-server"), pod("a", "argocd-repo-server"), pod("c", "argocd-repo-server")];
        for (wanted, found) in
            [(&[][..], "a c b"), (&["repo-server"], "a c"), (&["argocd-server", "repo-server"], "a c b")]
        {
            let wanted: Vec<String> = wanted.iter().map(|it| (*it).to_owned()).collect();
            let found_now: Vec<String> =
                of_parts(all(), &wanted).expect("pods").iter().map(|it| name(it).to_owned()).collect();
            assert_eq!(found_now.join(" "), found, "{wanted:?}");
        }
        let failure = of_parts(all(), &["repo-sever".to_owned()]).expect_err("no such part");
        assert_eq!(failure.hint.as_deref(), Some("did you mean `repo-server`?"));
        assert!(of_parts(Vec::new(), &[]).is_err());
    }

    #[test]
    fn a_line_has_its_pod_before_it_and_the_container_where_there_are_several() {
        let of = |pod: &Value| sources(pod).iter().map(|it| prefixed(it, "te\u{7}xt")).collect::<String>();
        assert_eq!(of(&pod("a", "argocd-server")), "a | text\n");
        let mut two = pod("a", "argocd-server");
        two["status"]["initContainerStatuses"][0] = json!({"name": "copy", "ready": false, "state": {"running": {}}});
        assert_eq!(of(&two), "a/copy | text\na/main | text\n");
    }
}
