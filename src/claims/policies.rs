//! Kyverno's policies held against what is ordered, by Kyverno's own command line where that is at hand.
//!
//! It says nothing of a policy that it cannot read, and ends well. So each is tried alone, for how many rules it finds in it,
//! before all that can be read are held against the orders together: one that changes an order comes before one that judges it.

mod words;

use std::fs;
use std::path::Path;
use std::time::Instant;

use serde_json::Value;

use super::orders::Order;
use words::{depends_on_hub, first_line, refuses, results, unread};

use crate::object::{ObjectRef, items, kind, name, str_at};
use crate::process::{Program, TemporaryFolder, on_path};
use crate::report::{Failure, Outcome};
use crate::words::kyverno::{EXCEPTION, PROGRAM};
use crate::yaml;

/// What a policy says of an order.
#[derive(Debug, PartialEq, Eq)]
pub struct Judged {
    /// Which order.
    pub order: usize,
    /// The policy and its rule.
    pub by: String,
    /// Whether the order would be refused, or the breach only reported.
    pub is_refused: bool,
    /// What is wrong, in its words.
    pub message: String,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Judgement {
    /// What breaks a policy.
    pub broken: Vec<Judged>,
    /// The policies that were held against an order.
    pub applied: Vec<String>,
    /// Those that are about none of them.
    pub aside: Vec<String>,
    /// Those that nobody has looked at, each with the reason.
    pub unseen: Vec<String>,
}

/// Whether it is there; why not.
pub fn kyverno_at_hand() -> Result<(), String> {
    if on_path(PROGRAM) { Ok(()) } else { Err("`kyverno` is not on PATH".to_owned()) }
}

/// Whether an object is a policy, and no exception from one.
#[must_use]
pub fn is_policy(object: &Value) -> bool {
    kind(object) != EXCEPTION
}

/// Holds the orders against the policies, but for what is excepted. `definitions` are those of their kinds.
pub async fn judge(
    policies: &[Value],
    definitions: &[&Value],
    orders: &[&Order],
    deadline: Instant,
) -> Outcome<Judgement> {
    let home = TemporaryFolder::new(PROGRAM)?;
    let at = |file: &str| home.path().join(file);
    write(&at("definitions.yaml"), definitions.iter().copied())?;
    write(&at("orders.yaml"), orders.iter().map(|order| &order.object))?;
    let exceptions: Vec<&Value> = policies.iter().filter(|it| !is_policy(it)).collect();
    write(&at("exceptions.yaml"), exceptions.iter().copied())?;
    fs::create_dir(at("policies")).map_err(|error| unwritable(&at("policies"), &error))?;
    let run = async |policy: &str, more: &[&str]| {
        let args = ["apply", policy, "--resource", "orders.yaml", "--crd-paths", "definitions.yaml", "--remove-color"];
        let program = Program::new(PROGRAM).dir(home.path()).env("HOME", home.path()).args(args).args(more);
        program.run(deadline).await
    };
    let mut judgement = Judgement::default();
    let mut readable = Vec::new();
    for (number, policy) in policies.iter().filter(|it| is_policy(it)).enumerate() {
        let title = title(policy);
        if depends_on_hub(policy) {
            judgement.unseen.push(format!("{title}: it asks for what only the hub knows"));
            continue;
        }
        let file = format!("policies/{number}.yaml");
        write(&at(&file), [policy].into_iter())?;
        let unread = match run(&file, &[]).await {
            Ok(ended) => unread(&ended.text(), &ended.stderr),
            Err(failure) => Some(failure.message),
        };
        match unread {
            None => readable.push(policy),
            Some(why) => {
                judgement.unseen.push(format!("{title}: {why}"));
                fs::remove_file(at(&file)).map_err(|error| unwritable(&at(&file), &error))?;
            }
        }
    }
    if readable.is_empty() {
        return Ok(judgement);
    }
    let excepted = if exceptions.is_empty() { &[][..] } else { &["--exception", "exceptions.yaml"] };
    let ended = run("policies", &[&["--policy-report", "--output-format", "json"], excepted].concat()).await;
    let (said, why) = match ended {
        Ok(ended) => (ended.text(), first_line(&ended.stderr)),
        Err(failure) => (String::new(), failure.message),
    };
    let results = results(&said);
    for policy in readable {
        judgement.of_policy(policy, &results, orders, &why);
    }
    Ok(judgement)
}

impl Judgement {
    fn of_policy(&mut self, policy: &Value, results: &[Value], orders: &[&Order], why: &str) {
        let title = title(policy);
        let is_its = |result: &&Value| {
            let said = str_at(result, "/policy");
            said == name(policy) || said.rsplit('/').next() == Some(name(policy))
        };
        let own: Vec<&Value> = results.iter().filter(is_its).collect();
        match own.first() {
            None if why.is_empty() => self.aside.push(title.clone()),
            None => self.unseen.push(format!("{title}: {why}")),
            Some(_) => self.applied.push(title.clone()),
        }
        for result in own {
            let message = str_at(result, "/message");
            match str_at(result, "/result") {
                "fail" => self.broken.extend(judged(policy, result, orders)),
                "error" => self.unseen.push(format!("{title}: {}", first_line(message))),
                _ => {}
            }
        }
    }
}

fn judged(policy: &Value, result: &Value, orders: &[&Order]) -> Vec<Judged> {
    let rule = str_at(result, "/rule");
    let by = if rule.is_empty() { title(policy) } else { format!("{} (rule {rule})", title(policy)) };
    let of_resource = |resource: &Value| {
        let (namespace, named) = (str_at(resource, "/namespace"), str_at(resource, "/name"));
        let object = ObjectRef::new(str_at(resource, "/apiVersion"), str_at(resource, "/kind"), Some(namespace), named);
        let order = orders.iter().position(|order| ObjectRef::of(&order.object) == object)?;
        let is_refused = refuses(policy, rule, namespace);
        Some(Judged { order, by: by.clone(), is_refused, message: str_at(result, "/message").to_owned() })
    };
    items(result, "/resources").filter_map(of_resource).collect()
}

fn write<'v>(path: &Path, objects: impl Iterator<Item = &'v Value>) -> Outcome<()> {
    let text: String = objects.flat_map(|it| ["---\n".to_owned(), yaml::print(it)]).collect();
    fs::write(path, text).map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::failed(format!("failed to write {}, which kyverno reads: {error}", path.display()))
}

fn title(policy: &Value) -> String {
    format!("{} {}", kind(policy), name(policy))
}
