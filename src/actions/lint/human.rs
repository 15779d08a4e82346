//! The findings as a person reads them, each with its place in the text, and their count.

use super::finding::Finding;
use super::fold::{Cause, fold};
use super::looked::Looked;
use crate::actions::text::counted;
use crate::porter::Level;
use crate::report::{Failure, Outcome, answer_to_people};

/// Answers with what was found in each bundle, then with its count where there are several, and with that of all.
pub(super) fn show(all: &[Looked]) -> Outcome<()> {
    let several = all.len() > 1;
    let of_bundle = |looked: &Looked| {
        let blocks: String = fold(&looked.findings).iter().map(tell).collect();
        let count = format!("{}: {}\n\n", looked.folder.display(), Count::of([looked]).said());
        blocks + if several { &count } else { "" }
    };
    answer_to_people(&all.iter().map(of_bundle).collect::<String>())?;
    let count = verdict(all)?;
    answer_to_people(&format!("{count}\n"))
}

/// How many there are. Errors among them are a failure.
pub(super) fn verdict(all: &[Looked]) -> Outcome<String> {
    let count = Count::of(all);
    let said = match all.len() {
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
    fn of<'l>(all: impl IntoIterator<Item = &'l Looked>) -> Self {
        let causes = all.into_iter().flat_map(|looked| fold(&looked.findings));
        causes.fold(Self::default(), |count, cause| match cause.first.rule.level {
            Level::Error => Self { errors: count.errors + 1, ..count },
            Level::Warning => Self { warnings: count.warnings + 1, ..count },
        })
    }

    fn said(&self) -> String {
        format!("{}, {}", counted(self.errors, "error"), counted(self.warnings, "warning"))
    }
}
