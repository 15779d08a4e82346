//! What was found, as a table for people or as JSON for programs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::doctor::{CODES, Facts, Finding, Harm, version};
use crate::engine::Cluster;
use crate::report::{Console, Outcome, OutputForm, Table, answer};

/// The forms that it has.
pub const FORMS: &[OutputForm] = &[OutputForm::Table, OutputForm::Json];

/// Tells what was found, and what could not be looked at.
pub fn tell(
    cluster: &Cluster,
    facts: &Facts,
    found: &[Finding],
    looked_for: &[&str],
    form: OutputForm,
    console: &Console,
) -> Outcome<()> {
    if form == OutputForm::Json {
        answer(&format!("{:#}\n", document(cluster, facts, found, looked_for)))?;
    } else if !found.is_empty() {
        console.say("");
        console.whole_table(&table(found));
        console.say("");
        console.whole_table(&remedies(found));
        console.say("");
    }
    for it in &facts.unread {
        console.say(format!("not looked at: {}: {}", it.what, it.why));
    }
    console.done("looked at", summary(facts, found, looked_for));
    Ok(())
}

fn table(found: &[Finding]) -> Table {
    let mut table = Table::new(["HARM", "CODE", "OBJECT", "WHAT IS WRONG"]).of_prose();
    for it in found {
        table.row([&it.harm.to_string(), it.code, &it.object, &it.says]);
    }
    table
}

/// What to do, once for each code, in the order of the findings.
fn remedies(found: &[Finding]) -> Table {
    let mut table = Table::new(["CODE", "REMEDY (more in docs/doctor.md)"]).of_prose();
    let mut told = BTreeSet::new();
    for it in found.iter().filter(|it| told.insert(it.code)) {
        table.row([it.code, it.remedy]);
    }
    table
}

fn summary(facts: &Facts, found: &[Finding], looked_for: &[&str]) -> String {
    let argocd = version(facts).map_or_else(|| "Argo CD".to_owned(), |it| format!("Argo CD {it}"));
    let applications = facts.applications.as_ref().map_or_else(|| "no list of".to_owned(), |it| it.len().to_string());
    let blind = not_whole(facts).len();
    let but = if blind > 0 { format!(", {blind} of them in part or not at all") } else { String::new() };
    let count = |harm: Harm| found.iter().filter(|it| it.harm == harm).count();
    let counts: Vec<String> = [(Harm::Loss, "loss"), (Harm::Trouble, "trouble"), (Harm::Note, "note")]
        .into_iter()
        .filter(|(harm, _)| count(*harm) > 0)
        .map(|(harm, word)| format!("{} of {word}", count(harm)))
        .collect();
    let result =
        if counts.is_empty() { "nothing found".to_owned() } else { format!("findings: {}", counts.join(", ")) };
    format!(
        "{argocd} in {}, {applications} Applications, for {} codes{but}; {result}",
        facts.namespace,
        looked_for.len()
    )
}

/// The codes of which something could not be looked at.
fn not_whole(facts: &Facts) -> BTreeSet<&'static str> {
    facts.unread.iter().flat_map(|it| it.codes.iter().copied()).collect()
}

fn document(cluster: &Cluster, facts: &Facts, found: &[Finding], looked_for: &[&str]) -> Value {
    let not_whole = not_whole(facts);
    let means: BTreeMap<&str, &str> = CODES.iter().map(|it| (it.name, it.means)).collect();
    let findings: Vec<Value> = found
        .iter()
        .map(|it| {
            let mut value = json!(it);
            value["means"] = means.get(it.code).copied().into();
            value
        })
        .collect();
    json!({
        "cluster": {"uid": cluster.facts().uid, "kubernetes": facts.kubernetes},
        "namespace": facts.namespace,
        "argocd": version(facts).map(|it| it.to_string()),
        "applications": facts.applications.as_ref().map(Vec::len),
        "findings": findings,
        "lookedFor": looked_for.iter().filter(|it| !not_whole.contains(*it)).collect::<Vec<_>>(),
        "notLookedAt": facts.unread,
    })
}
