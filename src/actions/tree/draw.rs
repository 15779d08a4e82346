//! The tree as lines, drawn alike on terminals and elsewhere. Pure.

use super::node::Node;
use crate::argocd::application::short;

/// The lines of a tree. What is as it should be and brings nothing is counted, unless all of it is asked for.
pub fn lines(top: &Node, all: bool) -> Vec<String> {
    let mut lines = vec![label(top)];
    branches(top, all, "", &mut lines);
    lines
}

fn branches(node: &Node, all: bool, indent: &str, lines: &mut Vec<String>) {
    let (shown, folded): (Vec<&Node>, Vec<&Node>) = node.children.iter().partition(|it| all || !is_folded(it));
    let rest = (!folded.is_empty()).then(|| counted(node, folded.len(), shown.is_empty()));
    for (index, child) in shown.iter().enumerate() {
        let is_last = index + 1 == shown.len() && rest.is_none();
        lines.push(format!("{indent}{}{}", if is_last { "└─ " } else { "├─ " }, label(child)));
        branches(child, all, &format!("{indent}{}", if is_last { "   " } else { "│  " }), lines);
    }
    lines.extend(rest.map(|it| format!("{indent}└─ {it}")));
}

fn is_folded(node: &Node) -> bool {
    node.children.is_empty() && node.message.is_none() && !node.is_application()
}

/// What is said of those that are not drawn. Of the health of single objects Argo CD says nothing where their Application is
/// not healthy.
fn counted(above: &Node, count: usize, is_all: bool) -> String {
    let more = if is_all { "" } else { "more " };
    let objects = if count == 1 { "object" } else { "objects" };
    let are = match (above.health.as_deref(), above.is_application()) {
        (Some("Healthy"), _) | (None, false) => "as git has them, and healthy",
        _ => "as git has them, and nothing is known against them",
    };
    format!("{count} {more}{objects}, {are}")
}

fn label(node: &Node) -> String {
    let place = node.namespace.as_ref().map_or_else(|| node.name.clone(), |it| format!("{it}/{}", node.name));
    let words = [
        node.sync.as_deref().filter(|_| node.is_application()),
        node.health.as_deref(),
        node.revision.as_deref().map(short),
    ];
    let words: String = words.into_iter().flatten().flat_map(|it| [" ", it]).collect();
    let on = node.cluster.as_ref().map(|it| format!(" (on {it})")).unwrap_or_default();
    let message = node.message.as_ref().map(|it| format!(": {it}")).unwrap_or_default();
    format!("{} {place}{on}{}{message}", node.kind, if words.is_empty() { words } else { format!(" {words}") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::argo;

    fn node(kind: &str, name: &str, message: Option<&str>, children: Vec<Node>) -> Node {
        Node {
            group: String::new(),
            kind: kind.to_owned(),
            namespace: Some("n".to_owned()),
            name: name.to_owned(),
            sync: Some("Synced".to_owned()),
            health: None,
            revision: None,
            message: message.map(str::to_owned),
            cluster: None,
            children,
        }
    }

    fn application(name: &str, health: &str, children: Vec<Node>) -> Node {
        Node {
            group: argo::GROUP.to_owned(),
            health: Some(health.to_owned()),
            revision: Some("0123456789abcdef".to_owned()),
            ..node(argo::APPLICATION, name, None, children)
        }
    }

    fn tree() -> Node {
        let well = vec![node("Secret", "s", None, vec![]), node("ConfigMap", "c", None, vec![])];
        let sick = vec![
            node("Service", "s", None, vec![]),
            node("Deployment", "d", Some("0 of 1 replicas are available"), vec![]),
            node("Service", "t", None, vec![]),
        ];
        let all_sick = vec![node("Job", "j", Some("failed"), vec![])];
        application(
            "root",
            "Healthy",
            vec![
                application("argocd", "Healthy", well),
                application("empty", "Healthy", vec![]),
                node("AppProject", "hub", None, vec![]),
                application("sick", "Degraded", sick),
                Node { cluster: Some("east".to_owned()), ..application("spoke", "Degraded", all_sick) },
            ],
        )
    }

    #[test]
    fn what_is_well_is_counted_and_what_is_not_is_drawn_with_its_message() {
        assert_eq!(
            lines(&tree(), false),
            [
                "Application n/root  Synced Healthy 0123456789ab",
                "├─ Application n/argocd  Synced Healthy 0123456789ab",
                "│  └─ 2 objects, as git has them, and healthy",
                "├─ Application n/empty  Synced Healthy 0123456789ab",
                "├─ Application n/sick  Synced Degraded 0123456789ab",
                "│  ├─ Deployment n/d: 0 of 1 replicas are available",
                "│  └─ 2 more objects, as git has them, and nothing is known against them",
                "├─ Application n/spoke (on east)  Synced Degraded 0123456789ab",
                "│  └─ Job n/j: failed",
                "└─ 1 more object, as git has them, and healthy",
            ]
        );
    }

    #[test]
    fn all_of_it_is_drawn_where_that_is_asked_for() {
        let lines = lines(&tree(), true);
        assert_eq!(lines.len(), 1 + tree().all().count() - 1, "{lines:#?}");
        assert_eq!(lines[2..4], ["│  ├─ Secret n/s", "│  └─ ConfigMap n/c"]);
        assert_eq!(
            lines[lines.len() - 2..],
            ["└─ Application n/spoke (on east)  Synced Degraded 0123456789ab", "   └─ Job n/j: failed"]
        );
    }
}
