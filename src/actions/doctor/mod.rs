//! `doctor`: what is wrong with an Argo CD, read off the cluster in lists; nothing is changed.

mod ask_git;
mod fields;
mod gather;
mod live;
mod look;
mod objects;
mod presence;
mod secrets;
mod slim;
mod tell;

use std::collections::BTreeSet;
use std::time::Duration;

use gather::gather;
pub use tell::FORMS;
use tell::tell;

use crate::actions::reached::reached;
use crate::cli::DoctorArgs;
use crate::doctor::{CODES, Finding, Harm, Unread, examine};
use crate::engine::{Cluster, Deadline};
use crate::report::{Console, Failure, Outcome, OutputForm, counted};
use crate::schema::closest;

/// How long the whole look may take: a cluster may hold many thousand objects.
const PATIENCE: Duration = Duration::from_secs(600);

/// Gathers the facts, examines them, tells what was found.
pub async fn run(args: &DoctorArgs, form: Option<&str>, console: &Console) -> Outcome<()> {
    let form = OutputForm::of(form, FORMS)?;
    let only = codes(&args.only)?;
    let is_wanted = |code: &str| only.is_empty() || only.contains(&code);
    let cluster = Cluster::connect(&reached(&args.cluster), Deadline::after(PATIENCE)).await?;
    console.done("cluster", format!("{} by {}", cluster.facts().version, cluster.found()));

    presence::demand(&cluster, &args.namespace).await?;
    let mut facts = gather(&cluster, &args.namespace, args.ask_git).await?;
    let mut found = examine(&facts);
    found.retain(|it| is_wanted(it.code));
    facts.unread.iter_mut().for_each(|it| it.codes.retain(|code| is_wanted(code)));
    facts.unread.retain(|it| !it.codes.is_empty());
    let looked_for: Vec<&str> = CODES.iter().map(|it| it.name).filter(|it| is_wanted(it)).collect();
    tell(&cluster, &facts, &found, &looked_for, form, console)?;
    if args.strict { strictly(&found, &facts.unread) } else { Ok(()) }
}

/// The codes that are asked for, each of which has to be one.
fn codes(named: &[String]) -> Outcome<Vec<&'static str>> {
    let all: Vec<&str> = CODES.iter().map(|it| it.name).collect();
    let code = |name: &String| {
        CODES.iter().find(|it| it.name == name).map(|it| it.name).ok_or_else(|| {
            let hint = closest(name, &all)
                .map_or_else(|| format!("codes are {}", all.join(", ")), |near| format!("did you mean `{near}`?"));
            Failure::usage(format!("there is no code `{name}`")).hint(hint)
        })
    };
    named.iter().map(code).collect()
}

/// Nothing found where nobody could look is not well.
fn strictly(found: &[Finding], unread: &[Unread]) -> Outcome<()> {
    let blind: BTreeSet<&str> =
        unread.iter().filter(|it| !it.by_choice).flat_map(|it| it.codes.iter().copied()).collect();
    match found.iter().filter(|it| it.harm >= Harm::Trouble).count() {
        0 if blind.is_empty() => Ok(()),
        0 => Err(Failure::failed(format!("{} could not be looked at, or in part", counted(blind.len(), "code")))
            .details(blind)
            .hint("give the right to read what is named above, or ask by --only for what can be looked at")),
        count => Err(Failure::failed(format!("{} of harm 2 or more", counted(count, "finding")))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_looked_at_is_not_well_to_whoever_asks_strictly() {
        let unread = |by_choice| {
            [Unread { what: "Secrets".to_owned(), why: "forbidden".to_owned(), codes: vec!["held"], by_choice }]
        };
        strictly(&[], &[]).expect("nothing is wrong");
        strictly(&[], &unread(true)).expect("nobody asked for it");
        assert_eq!(strictly(&[], &unread(false)).expect_err("nobody knows").details, ["held"]);
    }

    #[test]
    fn a_code_that_is_none_is_a_mistake_with_the_nearest_one() {
        let said = codes(&["orphan".to_owned()]).expect_err("there is none");
        assert_eq!(said.hint.as_deref(), Some("did you mean `orphans`?"));
        let all: Vec<String> = CODES.iter().map(|it| it.name.to_owned()).collect();
        assert_eq!(codes(&all).expect("all of them are").len(), CODES.len());
    }
}
