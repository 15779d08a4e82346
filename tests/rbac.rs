//! docs/rbac.md: its tables and roles are made of what is asked for, its prose is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use backstack::engine::needs::{APPLIED, Need, to_install};
use backstack::object::ObjectRef;
use backstack::words::{argo, known_kind};
use backstack::yaml;
use regex::Regex;
use serde_json::Value;

use crate::support::{assert_file, text};

const PAGE: &str = "docs/rbac.md";
/// What is made stands between these lines.
const BEGIN: &str = "<!-- made of src/engine/needs.rs: ";
const END: &str = "<!-- until here -->\n";
/// The parts that are made.
const PARTS: [&str; 3] = ["what an installation needs", "the role of an installation", "the role of a removal"];

/// A group, a resource and a verb, as a rule of a role has them.
type Right = (String, String, String);

#[test]
fn the_page_of_rights_has_what_is_asked_for() {
    let page = text(PAGE);
    println!("to write it anew: UPDATE=1 cargo test --locked the_page_of_rights");
    assert_file(PAGE, &filled(&page));
    let test = Regex::new(r"\[`(\w+)`\]\(\.\./(tests/[^)]+)\)").expect("a pattern");
    let tried: Vec<[&str; 2]> = test.captures_iter(&page).map(|it| it.extract().1).collect();
    assert_eq!(tried.len(), 4, "{tried:?}");
    for [name, file] in tried {
        assert!(text(file).contains(&format!("fn {name}()")), "{file} has no {name}");
    }
}

/// Neither more nor less: who reads the page binds it, and `check --pre` asks.
#[test]
fn the_role_of_an_installation_gives_what_is_needed_and_nothing_else() {
    let needed: BTreeSet<Right> = needs().into_iter().map(right).collect();
    let given = rights_of_role("the role of an installation");
    assert_eq!(given, needed);
    for verb in ["escalate", "bind"] {
        let is_it = |(_, resource, its): &&Right| its == verb && resource == "clusterroles";
        assert_eq!(given.iter().filter(is_it).count(), 1, "{verb}");
    }
}

/// Of what is applied nothing is left that may not be deleted.
#[test]
fn the_role_of_a_removal_deletes_what_an_installation_applies() {
    let given = rights_of_role("the role of a removal");
    for (object, plural) in applied() {
        assert!(given.contains(&(object.group.clone(), plural, "delete".to_owned())), "{object}");
    }
}

/// The page with its parts as they have to be.
fn filled(page: &str) -> String {
    let mut pieces = page.split(BEGIN);
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    let mut parts = Vec::new();
    for piece in pieces {
        let (part, rest) = piece.split_once(" -->\n").expect("the part has a name");
        let (_, after) = rest.split_once(END).expect("the part has an end");
        let _ = write!(filled, "{BEGIN}{part} -->\n{}{END}{after}", made(part)); // to a string: it cannot fail
        parts.push(part);
    }
    assert_eq!(parts, PARTS);
    filled
}

fn made(part: &str) -> String {
    match part {
        "what an installation needs" => table(&needs()),
        "the role of an installation" => role("backstack-installer", &needs().into_iter().map(right).collect()),
        "the role of a removal" => role("backstack-remover", &to_remove()),
        _ => panic!("nothing is known of {part}"),
    }
}

/// The kinds that an installation applies, each with its plural.
fn applied() -> Vec<(ObjectRef, String)> {
    let of = |(api_version, kind, is_in_namespace): (&str, &str, bool)| {
        let object = ObjectRef::new(api_version, kind, is_in_namespace.then_some(argo::NAMESPACE), "any");
        let known = known_kind(&object.group, kind).unwrap_or_else(|| panic!("{object} is not known"));
        assert_eq!(known.namespaced, is_in_namespace, "{object}");
        (object, known.plural.to_owned())
    };
    APPLIED.map(of).into()
}

fn needs() -> BTreeSet<Need> {
    to_install(&applied())
}

fn right(need: Need) -> Right {
    (need.group, need.resource, need.verb.to_owned())
}

/// What a removal needs: to look at everything, to delete what was applied, to have Argo CD let go, and to take away webhooks of
/// components that nobody answers any more.
fn to_remove() -> BTreeSet<Right> {
    let right = |group: &str, resource: &str, verb: &str| (group.to_owned(), resource.to_owned(), verb.to_owned());
    let deleted = applied().into_iter().map(|(object, plural)| right(&object.group, &plural, "delete"));
    let webhooks = ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"];
    let webhooks = webhooks.map(|it| right("admissionregistration.k8s.io", it, "delete"));
    let rest = [right("*", "*", "get"), right("*", "*", "list"), right(argo::GROUP, "applications", "patch")];
    deleted.chain(webhooks).chain(rest).collect()
}

/// The needs by place and by what is asked of each resource.
fn table(needs: &BTreeSet<Need>) -> String {
    let mut verbs: BTreeMap<(&str, &str, &str), BTreeSet<&str>> = BTreeMap::new();
    for need in needs {
        verbs.entry((&need.namespace, &need.group, &need.resource)).or_default().insert(need.verb);
    }
    let mut rows: BTreeMap<(&str, BTreeSet<&str>), Vec<String>> = BTreeMap::new();
    for ((namespace, group, resource), verbs) in verbs {
        let dot = if group.is_empty() { "" } else { "." };
        rows.entry((namespace, verbs)).or_default().push(format!("`{resource}{dot}{group}`"));
    }
    let mut table = "\n| where | what | verbs |\n|---|---|---|\n".to_owned();
    for ((namespace, verbs), resources) in rows {
        let place = if namespace.is_empty() { "the whole cluster".to_owned() } else { format!("`{namespace}`") };
        let verbs: Vec<&str> = verbs.into_iter().collect();
        let _ = writeln!(table, "| {place} | {} | {} |", resources.join(", "), verbs.join(", ")); // to a string: it cannot fail
    }
    table + "\n"
}

/// A role of the whole cluster with these rights, in as few rules as have one group each.
fn role(name: &str, rights: &BTreeSet<Right>) -> String {
    let mut verbs: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for (group, resource, verb) in rights {
        verbs.entry((group, resource)).or_default().insert(verb);
    }
    let mut rules: BTreeMap<(bool, &str, BTreeSet<&str>), Vec<&str>> = BTreeMap::new();
    for ((group, resource), verbs) in verbs {
        rules.entry((group != "*", group, verbs)).or_default().push(resource); // what holds for all comes first
    }
    let mut role = format!(
        "\n```yaml\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: {name}}}\nrules:\n"
    );
    for ((_, group, verbs), resources) in rules {
        let group = if group.is_empty() || group == "*" { format!("\"{group}\"") } else { group.to_owned() };
        let resources = resources.join(", ").replace('*', "\"*\"");
        let verbs: Vec<&str> = verbs.into_iter().collect();
        let verbs = verbs.join(", ");
        let _ = writeln!(role, "  - {{apiGroups: [{group}], resources: [{resources}], verbs: [{verbs}]}}"); // the same
    }
    role + "```\n\n"
}

/// A role as the page has it.
pub fn role_on_page(part: &str) -> String {
    let page = text(PAGE);
    let (_, rest) = page.split_once(&format!("{BEGIN}{part} -->")).expect("the part");
    rest.split("```yaml\n").nth(1).and_then(|it| it.split("```").next()).expect("the role").to_owned()
}

/// What a role on the page gives, as a reader of YAML has it.
fn rights_of_role(part: &str) -> BTreeSet<Right> {
    let role = yaml::manifests(part, &role_on_page(part)).expect("YAML").remove(0);
    let list = |rule: &Value, key: &str| -> Vec<String> {
        let all = rule[key].as_array().into_iter().flatten();
        all.map(|it| it.as_str().expect("text").to_owned()).collect()
    };
    let mut rights = BTreeSet::new();
    for rule in role["rules"].as_array().expect("rules") {
        for group in list(rule, "apiGroups") {
            for resource in list(rule, "resources") {
                let verbs = list(rule, "verbs").into_iter();
                rights.extend(verbs.map(|verb| (group.clone(), resource.clone(), verb)));
            }
        }
    }
    rights
}
