//! The findings as a person reads them, each with its place in the text, and their count.

use super::finding::Finding;
use super::fold::{Cause, fold};
use super::looked::Looked;
use crate::porter::Level;
use crate::report::{Failure, Outcome, answer_to_people, counted};

/// Answers with what was found in each bundle, then with its count where there are several, and with that of all.
pub(super) fn show(all: &[Looked]) -> Outcome<()> {
    let causes = causes(all);
    let several = all.len() > 1;
    let of_bundle = |(looked, causes): (&Looked, &Vec<Cause<'_>>)| {
        let blocks: String = causes.iter().map(tell).collect();
        let count = format!("{}: {}\n\n", looked.folder.display(), Count::of(causes).said());
        blocks + if several { &count } else { "" }
    };
    answer_to_people(&all.iter().zip(&causes).map(of_bundle).collect::<String>())?;
    let count = verdict_on(&causes)?;
    answer_to_people(&format!("{count}\n"))
}

/// How many there are. Errors among them are a failure.
pub(super) fn verdict(all: &[Looked]) -> Outcome<String> {
    verdict_on(&causes(all))
}

/// What is wrong with each bundle.
fn causes(all: &[Looked]) -> Vec<Vec<Cause<'_>>> {
    all.iter().map(|looked| fold(&looked.findings)).collect()
}

fn verdict_on(bundles: &[Vec<Cause<'_>>]) -> Outcome<String> {
    let count = Count::of(bundles.iter().flatten());
    let said = match bundles.len() {
        1 => count.said(),
        several => format!("{} in {several} bundles", count.said()),
    };
    if count.errors > 0 { Err(Failure::usage(said)) } else { Ok(said) }
}

fn tell(cause: &Cause<'_>) -> String {
    let Finding { rule, mistake, .. } = cause.first;
    let code = rule.code();
    format!("{}\n{}see: backstack explain {code}, {}\n\n", mistake.render_as(Some(&code)), also(cause), rule.url())
}

/// Where else it is so, in a line.
fn also(cause: &Cause<'_>) -> String {
    let lines: Vec<String> = cause.also.iter().map(ToString::to_string).collect();
    match lines.as_slice() {
        [] => String::new(),
        [line] => format!("also in line {line}\n"),
        lines => format!("also in lines {}\n", lines.join(", ")),
    }
}

/// How many causes there are.
#[derive(Default)]
struct Count {
    errors: usize,
    warnings: usize,
}

impl Count {
    fn of<'c>(causes: impl IntoIterator<Item = &'c Cause<'c>>) -> Self {
        causes.into_iter().fold(Self::default(), |count, cause| match cause.first.rule.level {
            Level::Error => Self { errors: count.errors + 1, ..count },
            Level::Warning => Self { warnings: count.warnings + 1, ..count },
        })
    }

    fn said(&self) -> String {
        format!("{}, {}", counted(self.errors, "error"), counted(self.warnings, "warning"))
    }
}
