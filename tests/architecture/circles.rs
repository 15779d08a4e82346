//! No file names another that names it, be it over others.

use std::collections::{BTreeMap, BTreeSet};

use super::{code, sources};

/// Which folders of a room may name which others of it; between rooms the arrows say it.
const INSIDE: &[(&str, &[&str])] = &[
    ("render/bead", &[]),
    ("render/hub", &["render/bead"]),
    ("hub/adopt", &[]),
    ("hub/diff", &["hub/gate"]),
    ("hub/gate", &[]),
    ("hub/recover", &[]),
];

/// Files as modules (`render/bead` for its `mod.rs`), each with those that it names.
type Named = BTreeMap<String, BTreeSet<String>>;

fn named() -> Named {
    let module = |file: &str| file.trim_end_matches(".rs").trim_end_matches("/mod").to_owned();
    let texts =
        sources("src").into_iter().map(|(file, text)| (module(&file), code(&text).collect::<Vec<_>>().join("\n")));
    let texts: BTreeMap<String, String> = texts.filter(|(file, _)| file != "lib" && file != "main").collect();
    let handed_on = handed_on(&texts);
    let named_by = |(file, text): (&String, &String)| {
        let of = |path: String| Some(resolve(&absolute(file, &path), &texts, &handed_on)).filter(|it| it != file);
        (file.clone(), starts(text).flat_map(paths).filter_map(of).collect())
    };
    texts.iter().map(named_by).collect()
}

/// What is left when files that name none of the rest, or that none of the rest names, are taken away again and again.
fn circles(mut named: Named) -> Named {
    loop {
        let left: BTreeSet<String> = named.keys().cloned().collect();
        for others in named.values_mut() {
            others.retain(|it| left.contains(it));
        }
        let wanted: BTreeSet<String> = named.values().flatten().cloned().collect();
        named.retain(|file, others| !others.is_empty() && wanted.contains(file));
        if named.len() == left.len() {
            return named;
        }
    }
}

/// Where a path of this crate begins.
fn starts(text: &str) -> impl Iterator<Item = &str> {
    let at = text.match_indices("crate::").chain(text.match_indices("super::")).map(|(at, _)| at);
    at.filter(|at| !text[..*at].ends_with(':')).map(|at| &text[at..])
}

/// The paths that begin here: one, or one for each name between braces.
fn paths(text: &str) -> Vec<String> {
    let end = text.find(|c: char| !c.is_alphanumeric() && !"_:".contains(c)).unwrap_or(text.len());
    let (head, rest) = text.split_at(end);
    match rest.strip_prefix('{').filter(|_| head.ends_with("::")) {
        None => vec![head.to_owned()],
        Some(group) => between(group).into_iter().flat_map(paths).map(|tail| format!("{head}{tail}")).collect(),
    }
}

/// What stands between the commas, up to the brace that closes the group.
fn between(group: &str) -> Vec<&str> {
    let (mut depth, mut start, mut found) = (0, 0, Vec::new());
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' if depth > 0 => {}
            ',' | '}' => {
                found.push(group[start..at].trim());
                start = at + 1;
                if character == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    found
}

/// The parts of a path from the top of the crate.
fn absolute(file: &str, path: &str) -> Vec<String> {
    let mut place: Vec<String> = file.split('/').map(str::to_owned).collect();
    for part in path.split("::").filter(|part| !part.is_empty() && *part != "self") {
        match part {
            "crate" => place.clear(),
            "super" => _ = place.pop(),
            part => place.push(part.to_owned()),
        }
    }
    place
}

/// The names that a room hands on, each with the file that has it.
fn handed_on(texts: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (room, text) in texts {
        let uses = text.split("use ").skip(1).flat_map(paths);
        for path in uses.filter(|path| !path.starts_with("crate") && !path.starts_with("super")) {
            let Some((file, name)) = path.rsplit_once("::") else { continue };
            let file = format!("{room}/{}", file.replace("::", "/"));
            if texts.contains_key(&file) {
                found.insert(format!("{room}/{name}"), file);
            }
        }
    }
    found
}

/// The file that a path leads to.
fn resolve(path: &[String], texts: &BTreeMap<String, String>, handed_on: &BTreeMap<String, String>) -> String {
    let mut file = String::new();
    for part in path {
        let next = if file.is_empty() { part.clone() } else { format!("{file}/{part}") };
        match handed_on.get(&next) {
            _ if texts.contains_key(&next) => file = next,
            Some(other) => return other.clone(),
            None => break,
        }
    }
    file
}

#[test]
fn no_files_name_each_other_in_a_circle() {
    let left = circles(named());
    assert!(left.is_empty(), "{left:#?}");
}

#[test]
fn arrows_inside_a_room_only_go_down() {
    let room = |folder: &str| folder.split('/').next().map(str::to_owned);
    let folder_of = |file: &str| INSIDE.iter().find(|(folder, _)| file.starts_with(&format!("{folder}/")));
    let mut wrong = Vec::new();
    for (file, others) in named() {
        let Some((folder, allowed)) = folder_of(&file) else { continue };
        let wrongly = others.iter().filter(|other| {
            let of = INSIDE.iter().find(|(name, _)| *other == name || other.starts_with(&format!("{name}/")));
            of.is_some_and(|(of, _)| of != folder && room(of) == room(folder) && !allowed.contains(of))
        });
        wrong.extend(wrongly.map(|other| format!("{file} names {other}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_a_circle_is_left() {
    let file = |name: &str, others: &[&str]| (name.to_owned(), others.iter().map(|it| (*it).to_owned()).collect());
    let left = circles(Named::from([file("a", &["b"]), file("b", &["c", "d"]), file("c", &["b"]), file("d", &[])]));
    assert_eq!(left.keys().collect::<Vec<_>>(), ["b", "c"]);
}

#[test]
fn paths_are_found_wherever_they_stand() {
    let text = "use crate::a::{self, B, c::{D, E}};\nlet x = super::super::f::g(crate::h::I);";
    let mut found: Vec<String> = starts(text).flat_map(paths).collect();
    found.sort();
    let wanted =
        ["crate::a::B", "crate::a::c::D", "crate::a::c::E", "crate::a::self", "crate::h::I", "super::super::f::g"];
    assert_eq!(found, wanted);
    assert_eq!(absolute("r/s/t", "super::super::f::g"), ["r", "f", "g"]);
}
