//! Rules of definitions in CEL, looked at by Crossplane's own command line where that is at hand: it has the library of the
//! API server in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Instant;

use serde_json::Value;

use super::orders::Order;

use crate::process::{Ended, Program, TemporaryFolder, on_path};
use crate::report::{Failure, Outcome};
use crate::words::crossplane::PROGRAM;
use crate::yaml;

/// The command, as newer and as older versions call it.
const COMMANDS: [&str; 2] = ["resource", "beta"];
/// The image whose definitions it would download; an empty folder in its cache is one that is there already.
const NO_IMAGE: &str = "none";
/// How it begins what is wrong, and with what.
const WRONG: [(&str, By); 2] = [("[x] CEL validation error ", By::Rule), ("[x] schema validation error ", By::Schema)];

/// What has found a mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A rule in CEL.
    Rule,
    /// The schema.
    Schema,
}

/// A mistake in one of the orders that it was given.
#[derive(Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Which order.
    pub order: usize,
    /// What has found it.
    pub by: By,
    /// The path of the value.
    pub path: String,
    /// What is wrong, in its words.
    pub message: String,
}

/// What it found, and its version.
#[derive(Debug)]
pub struct Validated {
    /// Its version.
    pub version: String,
    /// Each mistake.
    pub wrong: Vec<Wrong>,
}

/// Whether it is there; why not.
pub fn crossplane_at_hand() -> Result<(), String> {
    if on_path(PROGRAM) { Ok(()) } else { Err("`crossplane` is not on PATH".to_owned()) }
}

/// Holds the orders against their definitions. Where nothing is known of even one of them: the reason.
pub async fn validate(
    definitions: &[&Value],
    orders: &[&Order],
    deadline: Instant,
) -> Outcome<Result<Validated, String>> {
    let home = TemporaryFolder::new(PROGRAM)?;
    let cache = home.path().join("cache");
    fs::create_dir_all(cache.join(NO_IMAGE)).map_err(|error| {
        Failure::failed(format!("failed to make {}, which crossplane reads: {error}", cache.display()))
    })?;
    write(&home.path().join("definitions.yaml"), definitions)?;
    let run = async |args: &[&str]| {
        Program::new(PROGRAM).dir(home.path()).env("HOME", home.path()).args(args).run(deadline).await
    };
    let version = match run(&["version", "--client"]).await {
        Ok(ended) => ended.text().trim_start_matches("Client Version: v").to_owned(),
        Err(failure) => return Ok(Err(failure.message)),
    };
    let mut wrong = Vec::new();
    for (number, batch) in batches(orders).into_iter().enumerate() {
        let file = format!("orders-{number}.yaml");
        write(&home.path().join(&file), &batch.iter().map(|at| &orders[*at].object).collect::<Vec<_>>())?;
        let mut answers = Vec::new();
        for command in COMMANDS {
            let args = [
                command,
                "validate",
                "definitions.yaml",
                &file,
                "--cache-dir",
                "cache",
                "--crossplane-image",
                NO_IMAGE,
            ];
            match run(&args).await {
                Ok(ended) => answers.push(read(&ended, orders, &batch)),
                Err(failure) => answers.push(Err(failure.message)),
            }
            if answers.last().is_some_and(Result::is_ok) {
                break;
            }
        }
        match answers.pop() {
            Some(Ok(found)) => wrong.extend(found),
            Some(Err(why)) => return Ok(Err(why)),
            None => {}
        }
    }
    Ok(Ok(Validated { version, wrong }))
}

/// It names an order by kind and name, without the namespace: those that it would call the same are not asked at a time.
fn batches(orders: &[&Order]) -> Vec<Vec<usize>> {
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (at, order) in orders.iter().enumerate() {
        let count = seen.entry(called(order)).or_default();
        if *count == batches.len() {
            batches.push(Vec::new());
        }
        batches[*count].push(at);
        *count += 1;
    }
    batches
}

fn called(order: &Order) -> String {
    format!("{}, {}", order.group_version_kind(), crate::object::name(&order.object))
}

/// What it said of the orders of a batch; the reason, where it has not looked at every one of them.
fn read(ended: &Ended, orders: &[&Order], batch: &[usize]) -> Result<Vec<Wrong>, String> {
    let said = ended.text();
    let total = format!("Total {} resources: 0 missing schemas, ", batch.len());
    let Some(counts) = said.lines().find_map(|line| line.strip_prefix(&total)) else {
        let why = ended.stderr.lines().chain(said.lines()).find(|line| !line.trim().is_empty());
        return Err(why.unwrap_or("it said nothing").to_owned());
    };
    let mut wrong: Vec<Wrong> = Vec::new();
    for line in said.lines() {
        let begun = WRONG.iter().find_map(|(mark, by)| Some((line.strip_prefix(mark)?, *by)));
        match begun {
            Some((rest, by)) => {
                let of =
                    |at: &&usize| rest.strip_prefix(&called(orders[**at])).and_then(|rest| rest.strip_prefix(" : "));
                let Some((order, said)) = batch.iter().find_map(|at| Some((*at, of(&at)?))) else {
                    return Err(format!("it speaks of what was not asked: {line}"));
                };
                let (path, message) = said.split_once(": ").unwrap_or(("", said));
                wrong.push(Wrong { order, by, path: path.to_owned(), message: message_of(message).to_owned() });
            }
            // The words of a rule may have several lines.
            None if !line.starts_with(['[', 'T']) => {
                if let Some(last) = wrong.last_mut() {
                    last.message = format!("{} {}", last.message, line.trim());
                }
            }
            None => {}
        }
    }
    let mut refused: Vec<usize> = wrong.iter().map(|it| it.order).collect();
    refused.dedup();
    let failures = format!("{} success cases, {} failure cases", batch.len() - refused.len(), refused.len());
    if counts.trim() == failures { Ok(wrong) } else { Err(format!("its counts are others than its words: {counts}")) }
}

/// The words of a rule behind the class of the error and the type of the value: `Invalid value: "object": too large`.
fn message_of(said: &str) -> &str {
    let words = said.strip_prefix("Invalid value: \"").and_then(|rest| rest.split_once("\": "));
    let words = words.map(|(_, words)| words);
    words
        .or_else(|| ["Forbidden: ", "Required value: "].iter().find_map(|class| said.strip_prefix(class)))
        .unwrap_or(said)
}

fn write(path: &Path, objects: &[&Value]) -> Outcome<()> {
    let text: String = objects.iter().flat_map(|it| ["---\n".to_owned(), yaml::print(it)]).collect();
    fs::write(path, text).map_err(|error| {
        Failure::failed(format!("failed to write {}, which crossplane reads: {error}", path.display()))
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::ExitStatus;

    use super::super::orders::Files;
    use super::*;

    /// What Crossplane 2.1.0 says of three shelves, recorded.
    const SAID: &str = r#"[x] schema validation error e.org/v1, Kind=Shelf, a : spec.m.k.y: Invalid value: 9: spec.m.k.y in body should be less than or equal to 4
[x] CEL validation error e.org/v1, Kind=Shelf, a : spec.list[0].a: Invalid value: "string": short
[x] CEL validation error e.org/v1, Kind=Shelf, b : spec: Invalid value: "object": large shelves need a reason
[✓] e.org/v1, Kind=Shelf, c validated successfully
Total 3 resources: 0 missing schemas, 1 success cases, 2 failure cases
"#;

    fn orders(names: &[&str]) -> Vec<Order> {
        let claim = |name: &&str| format!("---\napiVersion: e.org/v1\nkind: Shelf\nmetadata: {{name: {name}}}\n");
        let text: String = names.iter().map(claim).collect();
        Files::read(".", &[("a.yaml".to_owned(), Some(text.into()))].into()).orders
    }

    fn said(text: &str, names: &[&str]) -> Result<Vec<Wrong>, String> {
        let (all, stderr) = (orders(names), "crossplane: error: cannot validate resources".to_owned());
        let all: Vec<&Order> = all.iter().collect();
        let ended = Ended { status: ExitStatus::from_raw(256), stdout: text.as_bytes().to_vec(), stderr };
        read(&ended, &all, &(0..all.len()).collect::<Vec<_>>())
    }

    #[test]
    fn its_words_are_told_of_the_orders_that_they_are_about() {
        let wrong = said(SAID, &["a", "b", "c"]).expect("read");
        let told: Vec<_> = wrong.iter().map(|it| (it.order, it.by, it.path.as_str(), it.message.as_str())).collect();
        assert_eq!(
            told,
            [
                (0, By::Schema, "spec.m.k.y", "Invalid value: 9: spec.m.k.y in body should be less than or equal to 4"),
                (0, By::Rule, "spec.list[0].a", "short"),
                (1, By::Rule, "spec", "large shelves need a reason"),
            ]
        );
    }

    #[test]
    fn what_it_has_not_looked_at_is_no_verdict() {
        let of_another = SAID.replace("Shelf, b", "Shelf, z");
        for (text, names, words) in [
            (of_another.as_str(), &["a", "b", "c"][..], "what was not asked"),
            (SAID, &["a", "b"], "cannot validate"),
            ("", &["a"], "cannot validate"),
            (
                "[!] could not find CRD/XRD for: e.org/v1, Kind=Shelf\nTotal 1 resources: 1 missing schemas, 0 success cases, 0 failure cases\n",
                &["a"],
                "cannot",
            ),
            ("Total 1 resources: 0 missing schemas, 0 success cases, 1 failure cases\n", &["a"], "its counts"),
        ] {
            let why = said(text, names).expect_err("no verdict");
            assert!(why.contains(words), "{text}: {why}");
        }
    }

    #[test]
    fn orders_that_it_calls_the_same_are_not_asked_at_a_time() {
        let all = orders(&["a", "b", "a", "a"]);
        assert_eq!(batches(&all.iter().collect::<Vec<_>>()), [vec![0, 1], vec![2], vec![3]]);
    }
}
