//! `lint`: what is wrong, or likely to go wrong, with a bundle that uses this mixin.
//!
//! Each rule is one function, a family of rules one file. A rule never fails: what cannot be known yet, behind a
//! template or in a file that is not there, is left alone. The rules are explained in `docs/lint.md`, one heading a
//! code.

mod beads;
mod bundle;
mod cluster;
mod coverage;
mod documents;
mod finding;
mod fold;
mod hooks;
mod human;
mod images;
mod lock;
mod locks;
mod looked;
mod module;
mod outputs;
mod parameters;
mod patches;
mod pins;
mod reach;
mod references;
mod rule;
mod secrets;
mod steps;
mod subject;
mod tell;
mod template;
mod tools;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bundle::{Bundle, StepAt};
use documents::Content;
pub use documents::Noun;
pub use finding::Finding;
use locks::Locks;
use looked::Looked;
pub(super) use pins::named_images;
pub use rule::{RULES, Rule};
pub use subject::Subject;
pub use tell::FORMS;

use crate::document::unused_marks;
use crate::porter::BuildInput;
use crate::report::{Console, Failure, Outcome, OutputForm};
use crate::yaml::{self, Reader};

/// Answers with the findings in the form that is asked for: without one to people, and to Porter as it reads them, `[]` when
/// there are none.
///
/// Errors in a bundle are a failure. What Porter has sent ends well whatever is found: Porter takes any other exit code than
/// 0 for a broken mixin.
pub fn run(subject: &Subject, form: Option<&str>, console: &Console) -> Outcome<()> {
    match subject {
        Subject::Bundles(folders) => {
            let form = OutputForm::of(form, FORMS)?;
            tell::tell(&folders.iter().map(|it| look_at(it)).collect::<Vec<_>>(), form, console)
        }
        Subject::Steps(text) => {
            let form = form.map(|form| OutputForm::of(Some(form), tell::FORMS_OF_STEPS)).transpose()?;
            let here = Path::new(".");
            tell::tell_of_steps(here, &findings(text, here), form)?;
            if is_from_porter(text) { Ok(()) } else { Err(not_from_porter()) }
        }
    }
}

/// Porter sends actions, if there are none in them. Whoever sends something else, as a loop over a list does, has had no bundle
/// looked at.
fn is_from_porter(text: &str) -> bool {
    yaml::parse("stdin", text, Reader::Porter).is_ok_and(|document| document.root.get("actions").is_some())
}

fn not_from_porter() -> Failure {
    Failure::usage("what is on stdin are no steps as Porter sends them, and no bundle was looked at")
        .hint("name a folder: `backstack lint .`")
}

/// What is wrong with the bundle in a folder, also that there is none.
fn look_at(folder: &Path) -> Looked {
    match Bundle::read(folder) {
        Ok(bundle) => {
            let locks = Locks::read(&bundle);
            Looked::new(folder, &whole(&bundle, &locks), locks.not_vendored(folder))
        }
        Err(failure) => Looked::without_bundle(folder, failure),
    }
}

/// The Hub and Bead documents that the steps of a bundle name, each once.
pub fn documents_of(folder: &Path) -> Outcome<Vec<(Noun, PathBuf)>> {
    let bundle = Bundle::read(folder)?;
    Ok(documents::documents(&bundle).into_iter().map(|it| (it.noun, folder.join(it.file))).collect())
}

/// The findings for what Porter sends, with the bundle in `folder`.
#[must_use]
pub fn findings(input: &str, folder: &Path) -> Vec<Finding> {
    match BuildInput::read(input) {
        Ok(input) => {
            let bundle = Bundle::sent(input, folder);
            look(&bundle, &Locks::read(&bundle))
        }
        Err(failure) => {
            failure.diagnostics.into_iter().map(|mistake| Finding::new(rule::BROKEN_STEP, mistake)).collect()
        }
    }
}

/// The findings in a bundle of which all is at hand, other mixins' steps too. Porter reads those itself.
fn whole(bundle: &Bundle<'_>, locks: &Locks) -> Vec<Finding> {
    let mut findings = look(bundle, locks);
    let refused = bundle.refused(&findings);
    findings.extend(refused);
    findings.extend(bundle.links_out());
    findings
}

fn look(bundle: &Bundle<'_>, locks: &Locks) -> Vec<Finding> {
    let wrong = bundle.input.mistakes.iter().map(|mistake| Finding::new(rule::BROKEN_STEP, mistake.clone()));
    let mut findings: Vec<Finding> = wrong.collect();
    for action in &bundle.input.actions {
        let steps = bundle.steps_of(&action.action);
        findings.extend(steps.first().and_then(steps::action_name));
        findings.extend(steps.iter().flat_map(|at| of_step(bundle, at)));
    }
    findings.extend(of_documents(bundle, locks));
    findings.extend(of_clusters(bundle, locks));
    findings.extend(pins::of_image(bundle));
    findings.extend(coverage::coverage(bundle));
    findings.extend(outputs::never_made(bundle));
    findings
}

fn of_step(bundle: &Bundle<'_>, at: &StepAt<'_>) -> Vec<Finding> {
    let (paths, written): (Vec<_>, Vec<_>) = secrets::written(at).into_iter().unzip();
    let mut findings = steps::broken(at, &paths);
    findings.extend(written);
    findings.extend(secrets::pasted(bundle, at));
    findings.extend(secrets::unencrypted(at));
    findings.extend(
        reach::unreachable(bundle, at)
            .into_iter()
            .filter(|it| !paths.iter().any(|path| it.mistake.path.ends_with(path.as_str()))),
    );
    findings.extend(outputs::of_step(bundle, at));
    findings.extend(steps::no_timeout(at));
    findings
}

/// The clusters that steps make: their modules, what they run, and what of it the bundle keeps.
fn of_clusters(bundle: &Bundle<'_>, locks: &Locks) -> Vec<Finding> {
    let (modules, mut findings) = if bundle.manifest.is_some() { module::named(bundle) } else { Default::default() };
    findings.extend(cluster::of_bundle(bundle, &modules));
    let has_document = documents::documents(bundle).iter().any(|it| !it.file.contains('/'));
    findings.extend(tools::unpinned(bundle, locks, &modules, has_document));
    findings
}

/// The documents, the locks beside them, and the images in both. Without `porter.yaml` at hand the folder is that of
/// some other bundle, or of none.
fn of_documents(bundle: &Bundle<'_>, locks: &Locks) -> Vec<Finding> {
    let mut findings = Vec::new();
    if bundle.manifest.is_none() {
        return findings;
    }
    let named = documents::documents(bundle);
    let mut read = Vec::new();
    for document in &named {
        match document.read(bundle.folder) {
            Ok(good) => read.push((document, good)),
            Err(mistakes) => findings.extend(mistakes),
        }
    }
    let folders: BTreeSet<&Path> = read.iter().map(|(_, good)| good.folder.as_path()).collect();
    let all_are_known = read.len() == named.len() && documents::are_plain(bundle);
    for folder in folders {
        let beside: Vec<_> =
            read.iter().filter(|(_, good)| good.folder == folder).map(|(at, good)| (*at, good)).collect();
        let of_lock = lock::beside(bundle, locks, &beside, all_are_known);
        // Without what the lock is to pin, the content is not whole.
        if of_lock.iter().all(|it| it.rule == rule::UNUSED_PIN) {
            findings.extend(beside.iter().flat_map(|(document, good)| beads::content(document, good)));
        }
        findings.extend(of_lock);
    }
    findings.extend(read.iter().flat_map(|(_, good)| match &good.content {
        Content::Hub(hub) => good.unused_marks(&unused_marks(hub, &hub.spec.not_secret)),
        Content::Bead(_) => Vec::new(), // told with its content
    }));
    findings.extend(read.iter().flat_map(|(document, good)| beads::of_bead(bundle, document, good)));
    findings.extend(read.iter().flat_map(|(document, good)| parameters::of_bead(bundle, document, good)));
    findings.extend(read.iter().flat_map(|(document, good)| parameters::different(bundle, document, good)));
    let beads = read.iter().filter_map(|(_, good)| good.bead()).collect::<Vec<_>>();
    findings.extend(parameters::unused(bundle, &beads));
    findings.extend(read.iter().filter_map(|(document, good)| images::undeclared(bundle, document, good)));
    findings.extend(read.iter().flat_map(|(document, good)| images::wrong(document, good)));
    findings.extend(read.iter().flat_map(|(document, good)| pins::of_charts(document, good)));
    findings.extend(read.iter().flat_map(|(document, good)| hooks::in_values(document, good)));
    findings.extend(read.iter().flat_map(|(document, good)| references::not_given(bundle, document, good)));
    findings
}
