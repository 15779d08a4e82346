//! What is looked at by the programs of others, where they are at hand. Where they are not, that is told.

use std::collections::BTreeSet;

use serde_json::Value;

use super::report::Report;
use crate::claims::orders::{Offer, Offered, Order};
use crate::claims::{By, Judged, crossplane_at_hand, is_policy, judge, kyverno_at_hand, validate};
use crate::engine::Deadline;
use crate::object::group;
use crate::report::{Diagnostic, Outcome, Severity};
use crate::schema::{has_rules, is_of_the_server};

/// Has Crossplane look at rules in CEL, and Kyverno at policies.
pub async fn look(
    report: &mut Report,
    orders: &[Order],
    offer: &Offer,
    policies: &[Value],
    deadline: Deadline,
) -> Outcome<()> {
    let known = |order: &&Order| offered(order, offer).is_some_and(|it| it.definition.is_some());
    let sound: Vec<&Order> = report.sound.iter().map(|at| &orders[*at]).filter(known).collect();
    let kinds: Vec<&Offered> =
        offer.kinds.iter().filter(|it| sound.iter().any(|order| offered(order, offer) == Some(*it))).collect();
    let definitions: Vec<&Value> = kinds.iter().filter_map(|it| it.definition.as_ref()).collect();
    rules(report, &sound, &kinds, &definitions, deadline).await?;
    judged(report, &sound, policies, &definitions, deadline).await
}

fn offered<'o>(order: &Order, offer: &'o Offer) -> Option<&'o Offered> {
    let (group, kind) = (group(&order.object), crate::object::kind(&order.object));
    offer.kinds.iter().find(|it| it.group == group && it.kind == kind)
}

async fn rules(
    report: &mut Report,
    orders: &[&Order],
    kinds: &[&Offered],
    definitions: &[&Value],
    deadline: Deadline,
) -> Outcome<()> {
    let with_rules: BTreeSet<String> =
        kinds.iter().filter(|it| it.definition.as_ref().is_some_and(has_rules)).map(|it| it.title()).collect();
    // A program is started for what only it can tell.
    if with_rules.is_empty() && report.of_schemas.is_empty() {
        return Ok(());
    }
    let said = match crossplane_at_hand() {
        Ok(()) => validate(definitions, orders, deadline.end()).await?,
        Err(why) => Err(why),
    };
    let validated = match said {
        Ok(validated) => validated,
        Err(why) => {
            let unseen = with_rules.iter().map(|kind| format!("rules in CEL of {kind}: {why}; install crossplane"));
            report.not_looked_at.extend(unseen);
            return Ok(());
        }
    };
    for wrong in &validated.wrong {
        let message = match wrong.by {
            By::Rule => format!("`{}` breaks a rule of its definition: {}", wrong.path, wrong.message),
            By::Schema => format!("`{}` is not as its definition says: {}", wrong.path, wrong.message),
        };
        report.mistakes.push(orders[wrong.order].mistake(&wrong.path, message));
    }
    report.not_looked_at.retain(|it| !report.of_schemas.contains(it) || is_of_the_server(it));
    report.looked_at.push(format!("rules in CEL of {} claims by crossplane {}", orders.len(), validated.version));
    Ok(())
}

async fn judged(
    report: &mut Report,
    orders: &[&Order],
    policies: &[Value],
    definitions: &[&Value],
    deadline: Deadline,
) -> Outcome<()> {
    let total = policies.iter().filter(|it| is_policy(it)).count();
    if total == 0 || orders.is_empty() {
        return Ok(());
    }
    if let Err(why) = kyverno_at_hand() {
        report.not_looked_at.insert(format!("{total} policies of beads: {why}; install kyverno"));
        return Ok(());
    }
    let judgement = judge(policies, definitions, orders, deadline.end()).await?;
    for Judged { order, by, is_refused, message } in &judgement.broken {
        let (order, path) = (orders[*order], path_in(message));
        let broken = order.mistake(&path, format!("{by} is broken: {message}"));
        match is_refused {
            true => report.mistakes.push(broken),
            false => report.warnings.push(Diagnostic { severity: Severity::Warning, ..broken }),
        }
    }
    let count = judgement.applied.len();
    report.looked_at.push(format!("{count} of {total} policies of beads by kyverno"));
    report.not_looked_at.extend(judgement.unseen.iter().map(|it| format!("policy {it}")));
    report.aside.extend(judgement.aside);
    Ok(())
}

/// The path that Kyverno names: `rule size failed at path /spec/size/`.
fn path_in(message: &str) -> String {
    let path = message.rsplit_once("at path /").map(|(_, path)| path.trim_end_matches('/').replace('/', "."));
    path.filter(|path| !path.contains(' ')).unwrap_or_else(|| "metadata.name".to_owned())
}
