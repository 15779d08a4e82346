//! One verb a file. A verb reads its input, asks the rooms below, and answers.
//!
//! `version`, `schema`, `lint`, `build`, `explain` and `completions` are offline: no async runtime, no network, nothing on
//! stderr.

mod answer_schemas;
mod application_name;
mod bead_list;
pub mod build;
mod bundle;
mod bundle_images;
mod check;
mod claims;
mod complete;
mod completions;
mod current;
mod daily;
mod doctor;
mod explain;
mod logs;
mod open;
mod pins;
mod reached;
mod rehearse;
mod schema;
mod secrets_file;
mod step;
mod tree;
mod unknown;
pub mod vendor;
mod version;

use std::io::IsTerminal as _;
use std::path::Path;

pub use answer_schemas::answer_schemas;
pub use complete::complete;
pub use unknown::verb_hint;

use crate::cli::{BeadVerb, BundleVerb, ClaimsVerb, Cli, Common, HubVerb, SecretsVerb, Verb};
use crate::document::bead_crd;
use crate::porter::{Outputs, StepInput};
use crate::report::{Console, Failure, Outcome, OutputForm, answer, log_to_stderr, record_timeline};
use crate::run::block_on;
use crate::{env, input, yaml};

/// Does what the command line says.
pub fn act(Cli { common, verb }: Cli) -> Outcome<()> {
    if common.debug || env::is_debug() {
        log_to_stderr();
    }
    refuse_idle(&common, &verb)?;
    if let Some(file) = &common.timeline {
        record_timeline(file)?;
    }
    let console = &Console::new(env::is_quiet());
    let (file, form) = (common.file.as_deref(), common.output.as_deref());
    match verb {
        Verb::Status(args) => look(daily::status(&args, form, console)),
        Verb::Verify(args) => block_on(daily::verify(&args, form, console)),
        Verb::Diff(args) => look(daily::diff(&args, form, console)),
        Verb::Wait(args) => block_on(daily::wait(&args, form, console)),
        Verb::Tree(args) => look(tree::run(&args, form, console)),
        Verb::Open(args) => look(open::run(&args, form, console)),
        Verb::Logs(args) => look(logs::run(&args, console)),
        Verb::Check(args) => look(check::run(&args, form, console)),
        Verb::Doctor(args) => look(doctor::run(&args, form, console)),

        Verb::Hub(HubVerb::New { hub, folder }) => crate::hub::new(&hub, folder, console),
        Verb::Bead(verb) => act_on_bead(verb, form, console),
        Verb::Vendor(args) if args.check => look(vendor::vendor(&args, console)),
        Verb::Vendor(args) => block_on(vendor::vendor(&args, console)),
        Verb::Pin(args) => block_on(pins::pin(&args, console)),
        Verb::Outdated(args) => look(pins::outdated(&args, form, console)),
        Verb::Bundle(BundleVerb::Run(line)) => bundle::run(&line, is_json(form)?),
        Verb::Bundle(BundleVerb::Images(source)) => {
            bundle_images::run(&source.folder, &source.parameters, is_json(form)?, console).map_err(Failure::of_a_look)
        }
        Verb::Claims(ClaimsVerb::Check(args)) => {
            look(claims::check(&args, OutputForm::of(form, claims::FORMS)?, console))
        }
        Verb::Secrets(SecretsVerb::Export(args)) => block_on(secrets_file::export(&args, is_json(form)?, console)),
        Verb::Secrets(SecretsVerb::Import(args)) => block_on(secrets_file::import(&args, is_json(form)?, console)),
        Verb::Rehearse(args) => block_on(rehearse::rehearse(&args, is_json(form)?, console)),
        Verb::Explain(args) => explain::run(args.what.as_deref(), args.recursive),
        Verb::Crds => answer(&yaml::print(&bead_crd())),
        Verb::Completions { shell } => completions::run(shell),

        Verb::Install => play("install", file, console),
        Verb::Upgrade => play("upgrade", file, console),
        Verb::Uninstall => play("uninstall", file, console),
        Verb::Invoke => {
            let action = common.action.ok_or_else(|| {
                Failure::usage("invoke needs the name of a custom action").hint("add --action ACTION")
            })?;
            play(&action, file, console)
        }
        Verb::Build => {
            demand_porter("build", file)?;
            build::run(&read(file)?)
        }
        Verb::Lint { folders, dir } => {
            let folders: Vec<_> = folders.into_iter().chain(dir).collect();
            crate::lint::run(&crate::lint::Subject::of(&folders, file)?, form, console)
        }
        Verb::Schema { of } => schema::run(of),
        Verb::Version => version::run(OutputForm::of(form, version::FORMS)?),
    }
}

/// Whether a verb that has but this form besides answers for programs.
fn is_json(form: Option<&str>) -> Outcome<bool> {
    Ok(OutputForm::of(form, &[OutputForm::Table, OutputForm::Json])? == OutputForm::Json)
}

/// What changes nothing does not say of a failure that nothing was changed.
fn look(work: impl Future<Output = Outcome<()>>) -> Outcome<()> {
    block_on(work).map_err(Failure::of_a_look)
}

/// Callers of mixins give some options to every verb of a mixin; to a verb of people, one without effect is a mistake.
fn refuse_idle(common: &Common, verb: &Verb) -> Outcome<()> {
    let answers = match verb {
        Verb::Bundle(_)
        | Verb::Status(_)
        | Verb::Verify(_)
        | Verb::Diff(_)
        | Verb::Wait(_)
        | Verb::Bead(BeadVerb::Check(_) | BeadVerb::List(_))
        | Verb::Claims(_)
        | Verb::Doctor(_)
        | Verb::Check(_)
        | Verb::Tree(_)
        | Verb::Open(_)
        | Verb::Outdated(_)
        | Verb::Secrets(_)
        | Verb::Rehearse(_) => true,
        Verb::Vendor(_)
        | Verb::Pin(_)
        | Verb::Hub(_)
        | Verb::Bead(_)
        | Verb::Logs(_)
        | Verb::Explain(_)
        | Verb::Crds
        | Verb::Completions { .. } => false,
        _ => return Ok(()),
    };
    let Common { file, output, action, .. } = common;
    let given =
        [("--file", file.is_some()), ("--action", action.is_some()), ("--output", output.is_some() && !answers)];
    match given.into_iter().find(|(_, is_given)| *is_given) {
        None => Ok(()),
        Some((option, _)) => Err(Failure::usage(format!("{option} has no effect here")).hint("leave it out")),
    }
}

fn act_on_bead(verb: BeadVerb, form: Option<&str>, console: &Console) -> Outcome<()> {
    match verb {
        BeadVerb::New { bead, folder } => crate::bead::new(&bead, folder, console),
        BeadVerb::Check(source) => {
            look(crate::bead::check(&source.folder, &source.parameters, is_json(form)?, console))
                .map_err(|failure| failure.in_folder(&source.folder))
        }
        BeadVerb::List(cluster) => look(bead_list::list(&cluster, form, console)),
        BeadVerb::Render { source, to } => {
            crate::bead::render(&source.folder, &source.parameters, to.as_deref(), console)
                .map_err(|failure| failure.of_a_look().in_folder(&source.folder))
        }
    }
}

fn play(action: &str, file: Option<&Path>, console: &Console) -> Outcome<()> {
    demand_porter(action, file)?;
    let text = read(file)?;
    if text.trim().is_empty() {
        return Err(is_for_porter(action));
    }
    let input = StepInput::read(&text, action)?;
    step::run(&input, &Outputs::of_the_step(), console)
}

/// Nobody types a step into a terminal: who calls a verb of Porter's there looks for one of people.
fn demand_porter(verb: &str, file: Option<&Path>) -> Outcome<()> {
    if file.is_some() || !std::io::stdin().is_terminal() {
        return Ok(());
    }
    Err(is_for_porter(verb))
}

fn is_for_porter(verb: &str) -> Failure {
    let hint = match verb {
        "build" => "`porter build` does that; to look at a bundle: backstack lint DIR".to_owned(),
        action => format!("to play a bundle without Porter: backstack bundle run {action} DIR"),
    };
    Failure::usage(format!("`backstack {verb}` is for Porter, which sends it a step")).hint(hint)
}

fn read(file: Option<&Path>) -> Outcome<String> {
    let (name, bytes) = match file {
        Some(path) => (path.display().to_string(), input::bytes_of(path)),
        None => ("stdin".to_owned(), input::bytes_from(std::io::stdin().lock())),
    };
    let bytes = bytes.map_err(|error| Failure::usage(format!("failed to read {name}: {error}")))?;
    String::from_utf8(bytes).map_err(|_| Failure::usage(format!("{name} is not UTF-8")))
}
