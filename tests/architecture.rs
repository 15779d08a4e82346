//! The arrows between the rooms only go down (docs/architecture.md), and what one room knows is said in no other.

mod circles;

use std::collections::BTreeMap;
use std::fs;

use crate::support::{data, files_below};

/// Which rooms a room may name; `report`, `env`, `pace` and `input` are for everybody.
const ARROWS: &[(&str, &[&str])] = &[
    ("report", &[]),
    ("env", &[]),
    ("pace", &[]),
    ("process", &[]),
    ("input", &[]),
    ("object", &[]),
    ("words", &["object"]),
    ("yaml", &[]),
    ("schema", &["words", "yaml"]),
    ("document", &["schema", "words", "yaml"]),
    ("porter", &["document", "schema", "yaml"]),
    ("bundle", &["document", "porter", "process", "schema", "yaml"]),
    ("files", &["document", "yaml"]),
    ("git", &["document", "files", "process", "schema"]),
    ("vendor", &["document", "files", "object", "process", "schema", "words", "yaml"]),
    ("hub_repository", &["document", "files", "object", "schema", "yaml"]),
    ("render", &["document", "files", "hub_repository", "object", "process", "schema", "vendor", "words", "yaml"]),
    (
        "publish",
        &["document", "files", "git", "hub_repository", "object", "render", "schema", "vendor", "words", "yaml"],
    ),
    ("claims", &["document", "files", "hub_repository", "object", "process", "render", "schema", "words", "yaml"]),
    ("opentofu", &["process"]),
    ("kind", &["document", "process"]),
    ("engine", &["document", "object", "process", "schema", "words", "yaml"]),
    ("argocd", &["document", "engine", "object", "schema", "words"]),
    ("upgrade", &["document", "object", "words"]),
    ("doctor", &["object", "schema", "words"]),
    ("guard", &["argocd", "document", "engine", "object", "schema", "words"]),
    (
        "run",
        &[
            "argocd",
            "document",
            "engine",
            "git",
            "guard",
            "hub_repository",
            "object",
            "opentofu",
            "porter",
            "process",
            "publish",
            "render",
            "schema",
            "words",
            "yaml",
        ],
    ),
    ("cluster", &["document", "engine", "guard", "kind", "object", "opentofu", "process", "run", "vendor"]),
    (
        "hub",
        &[
            "argocd",
            "claims",
            "cluster",
            "document",
            "engine",
            "files",
            "git",
            "guard",
            "hub_repository",
            "object",
            "porter",
            "publish",
            "render",
            "run",
            "schema",
            "upgrade",
            "vendor",
            "words",
            "yaml",
        ],
    ),
    (
        "bead",
        &[
            "argocd",
            "cluster",
            "document",
            "engine",
            "files",
            "git",
            "guard",
            "hub",
            "hub_repository",
            "object",
            "porter",
            "publish",
            "render",
            "run",
            "schema",
            "upgrade",
            "vendor",
            "words",
            "yaml",
        ],
    ),
    (
        "spoke",
        &[
            "argocd",
            "bead",
            "cluster",
            "document",
            "engine",
            "guard",
            "hub",
            "hub_repository",
            "object",
            "run",
            "schema",
            "words",
        ],
    ),
    (
        "lint",
        &[
            "bead", "bundle", "document", "files", "object", "porter", "process", "render", "run", "schema", "vendor",
            "yaml",
        ],
    ),
    (
        "actions",
        &[
            "argocd",
            "bead",
            "bundle",
            "claims",
            "cli",
            "cluster",
            "doctor",
            "document",
            "engine",
            "files",
            "git",
            "guard",
            "hub",
            "hub_repository",
            "lint",
            "object",
            "porter",
            "process",
            "publish",
            "render",
            "run",
            "schema",
            "spoke",
            "upgrade",
            "vendor",
            "words",
            "yaml",
        ],
    ),
    ("cli", &[]),
];

/// Names that only one place may use: of libraries, of what others make, of beads, and of the paths in the hub repository.
const KEPT: &[(&str, &[&str])] = &[
    ("kube::", &["engine/"]),
    ("argoproj", &["words/argo.rs"]),
    ("crossplane.io", &["words/crossplane.rs", "render/bead/privileges/table.rs"]), // of some providers, once each
    ("crossplane-system", &["words/crossplane.rs"]),
    ("kyverno.io", &["words/kyverno.rs", "upgrade/going.rs", "upgrade/step_table.rs"]), // there for people
    ("\"bead-\"", &["words/bead.rs"]),
    ("\"bead-{", &["words/bead.rs"]),
    ("\"root/", &["hub_repository/layout.rs"]),
    ("root/apps", &["hub_repository/layout.rs"]),
    ("root/projects", &["hub_repository/layout.rs", "argocd/sync.rs"]), // there for people, in a hint
    ("components/", &["hub_repository/layout.rs"]),
    ("\"beads/", &["hub_repository/layout.rs"]),
    ("\"argocd/", &["hub_repository/layout.rs"]),
    ("backstage/", &["hub_repository/layout.rs"]),
    ("serde_saphyr", &["yaml/"]),
    ("granit_parser", &["yaml/"]),
    ("hcl_edit", &["document/module.rs"]),
    // a text that ends in it is looked for; besides: Porter's delimiters, whatever may stand for a value, and the digest of a reference
    (
        "${\"",
        &[
            "schema/template.rs",
            "bundle/template.rs",
            "schema/leaks/values.rs",
            "render/image_doubt.rs",
            "actions/pins/references.rs",
        ],
    ),
    // besides: what a program inherits, and the variables that the user names in a step or on the command line
    ("std::env::var", &["env.rs", "process/program.rs", "process/attend.rs", "run/secrets.rs", "bundle/setting.rs"]),
    ("io::stdout", &["report/answer.rs"]),
    // what Linux alone has, each with a way without it
    ("/proc/", &["process/"]),
    ("target_os", &["process/linux.rs"]),
];

/// What is used of rustix's `process` and there on every Unix, by its documentation: the program is built for macOS, too, where
/// these tests do not run. What Linux alone has is called in `process/linux.rs`.
const ON_EVERY_UNIX: &[&str] = &[
    "Pid",
    "Resource",
    "Rlimit",
    "Signal",
    "geteuid",
    "getpgrp",
    "getpid",
    "getppid",
    "kill_process",
    "kill_process_group",
    "setpgid",
    "setrlimit",
];

/// The code below a folder of this repository, each file with its path from there.
pub fn sources(folder: &str) -> Vec<(String, String)> {
    let root = data(folder);
    let files = files_below(&root, &[]).into_iter().filter(|path| path.extension().is_some_and(|it| it == "rs"));
    let named = files.map(|path| {
        let name = path.strip_prefix(&root).expect("below the folder").display().to_string();
        (name, fs::read_to_string(path).expect("a source is text"))
    });
    named.collect()
}

/// The code without its comments and its unit tests.
pub fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().take_while(|line| !line.contains("#[cfg(test)]")).filter(|line| !line.trim_start().starts_with("//"))
}

#[test]
fn arrows_between_rooms_only_go_down() {
    let arrows: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut wrong = Vec::new();
    for (file, text) in sources("src") {
        let room = file.split(['/', '.']).next().unwrap_or_default();
        let Some(allowed) = arrows.get(room) else { continue }; // main.rs and lib.rs
        for line in code(&text) {
            for (start, _) in line.match_indices("crate::") {
                let named =
                    line[start + 7..].split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
                let known = arrows.contains_key(named);
                if known
                    && named != room
                    && !["report", "env", "pace", "input"].contains(&named)
                    && !allowed.contains(&named)
                {
                    wrong.push(format!("{file}: {room} names {named}: {}", line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn heavy_names_stay_in_their_room() {
    let mut wrong = Vec::new();
    for (file, text) in sources("src") {
        for (name, homes) in KEPT {
            if homes.iter().any(|home| file.starts_with(home)) {
                continue;
            }
            wrong.extend(code(&text).filter(|line| line.contains(name)).map(|line| format!("{file}: {}", line.trim())));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_linux_alone_has_stands_in_one_file() {
    let mut wrong = Vec::new();
    for (file, text) in sources("src") {
        let code: String = code(&text).flat_map(|line| [line, "\n"]).collect();
        let uses: Vec<&str> =
            code.match_indices("rustix::process::").map(|(start, name)| &code[start + name.len()..]).collect();
        if file == "process/linux.rs" {
            let guarded = code.matches("#[cfg(target_os = \"linux\")]\n    let _ = rustix::").count();
            assert_eq!(code.lines().filter(|line| line.contains("rustix::")).count(), guarded, "{code}");
            continue;
        }
        for names in uses {
            let names =
                names.strip_prefix('{').map_or_else(|| names.split([';', '(']).next(), |all| all.split('}').next());
            let names = names.unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty());
            wrong.extend(names.filter(|name| !ON_EVERY_UNIX.contains(name)).map(|name| format!("{file}: {name}")));
        }
    }
    assert!(wrong.is_empty(), "only Linux may have it: {wrong:#?}");
}
