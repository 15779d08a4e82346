//! docs/privileges.md, made of the table.

use std::fmt::Write as _;

use backstack::render::bead::{HARMLESS, KINDS_WITH_PODS, MARKS, POWERS, UNKNOWN_EVERYWHERE, UNKNOWN_HERE};

use crate::support::assert_file;

const HEAD: &str = "# Privileges of beads

Made of the table in `src/render/bead/privileges/table.rs`. After a change: `UPDATE=1 cargo test --locked the_page_of_privileges`.

What a bead can do beyond its own objects and its own namespace is a privilege. `bead check` lists its privileges, and an
installation is refused until somebody accepts them (`acceptPrivileges`). What is neither harmless nor in the table is a
privilege as well: nobody has thought it through.

A namespace that is not the bead's own is a privilege, too; one of a component of the hub or of another bead is refused.
A privilege is [a chart](beads.md#permissions-are-a-contract) that nobody has looked at, or that can make something else on the hub.
What a bead brings [to spokes](beads.md#on-spokes) is held against the same table, and its privileges begin with `on spokes`.
";

#[test]
fn the_page_of_privileges_is_made_of_the_table() {
    let mut page = HEAD.to_owned();
    page += "\n## What is harmless\n\nIn the namespace of the bead, but for what the table says of some:\n\n";
    page += &(kinds(&[HARMLESS, KINDS_WITH_PODS].concat()) + ".\n");
    page += "\nA kind that the bead itself defines, by a CRD or an XRD among its files, is its own business; that `crossplane.apis` names it, or a package\nmay have it, is no proof. A health check of any other kind holds for the whole hub, and is a privilege.\n\
Of entities of Backstage users, groups, locations elsewhere, and actions of templates but those of every scaffolder and\n`publish:*` are privileges, too.\n\
An API whose objects become spokes (`crossplane.apis[].spoke`) is one: whoever makes an object registers a cluster, and Kyverno reads\nSecrets and writes those of Argo CD.\n";
    page += "\n## What is a privilege\n\n| kinds | in which case | what it can do |\n|---|---|---|\n";
    for power in POWERS {
        writeln!(page, "| {} | {} | {} |", kinds(power.kinds), power.when, power.can).expect("a text");
    }
    writeln!(page, "| any other kind in a namespace | | {UNKNOWN_HERE} |").expect("a text");
    writeln!(page, "| any other kind without one | | {UNKNOWN_EVERYWHERE} |").expect("a text");
    page +=
        "\nOf a chart that nobody has looked at, what `permissions.clusterResources` name is told in these words.\n";
    page += "\nLabels and annotations that controllers of others act by:\n\n| key | on | what comes of it |\n|---|---|---|\n";
    for mark in MARKS {
        let on = mark.kinds.iter().map(|kind| ("", *kind)).collect::<Vec<_>>();
        writeln!(page, "| `{}` | {} | {} |", mark.key, kinds(&on), mark.can).expect("a text");
    }
    writeln!(
        page,
        "
## Pods

Pods are held against the levels of the [Pod Security Standards](https://kubernetes.io/docs/concepts/security/pod-security-standards/),
in {}. A bead declares its level as `permissions.podSecurity`:

| level | what it means |
|---|---|
| `baseline` | the default: content beyond it is refused by object and field, and the namespace of the bead enforces it |
| `restricted` | the same, with all that this level demands |
| `privileged` | nothing is enforced; that is a privilege, and what its pods have beyond `baseline` is told field by field |

The lists are the shortest ones that a Kubernetes since 1.30 has: what passes here passes on every hub.",
        kinds(KINDS_WITH_PODS)
    )
    .expect("a text");
    println!("to write it anew: UPDATE=1 cargo test --locked the_page_of_privileges");
    assert_file("docs/privileges.md", &page);
}

fn kinds(all: &[(&str, &str)]) -> String {
    let name = |(group, kind): &(&str, &str)| match (*group, *kind) {
        ("*", "*") => "any".to_owned(),
        ("*", kind) => format!("any `{kind}`"),
        (group, "*") => format!("any of `{group}`"),
        ("", kind) => format!("`{kind}`"),
        (group, kind) => format!("`{kind}.{group}`"),
    };
    all.iter().map(name).collect::<Vec<_>>().join(", ")
}
