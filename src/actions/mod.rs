//! One verb a file. A verb reads its input, asks the rooms below, and answers.
//!
//! `version`, `schema`, `lint`, `build`, `explain` and `completions` are offline: no async runtime, no network, nothing on
//! stderr.

mod answer_schemas;
mod bead;
pub mod build;
mod bundle;
mod bundle_images;
mod check;
mod claims;
mod cluster;
mod complete;
mod completions;
mod current;
mod daily;
mod doctor;
mod exactly;
mod explain;
mod formed;
mod found;
mod hold;
mod hook_files;
mod hub;
mod images;
mod interruption;
mod known;
mod last_word;
mod leaving;
pub mod lint;
mod logs;
pub mod migrate;
mod named;
mod on_spokes;
mod open;
mod outputs;
mod pins;
mod reached;
mod rehearse;
mod running;
mod scaffold;
mod schema;
mod secrets;
mod secrets_file;
mod since;
mod spoke;
mod step;
mod synced;
mod text;
mod tree;
mod unknown;
mod upgrade_gate;
pub mod vendor;
mod version;

use std::io::IsTerminal as _;
use std::path::Path;

pub use answer_schemas::answer_schemas;
pub use complete::complete;
use interruption::block_on;
pub use unknown::verb_hint;

use crate::cli::{BeadVerb, BundleVerb, ClaimsVerb, Cli, Common, HubVerb, SecretsVerb, Verb};
use crate::porter::{Outputs, StepInput};
use crate::report::{Console, Failure, Outcome, OutputForm, answer, log_to_stderr};
use crate::spec::{bead_crd, yaml};
use crate::{env, input};

/// Does what the command line says.
pub fn act(cli: Cli) -> Outcome<()> {
    if cli.common.debug || env::is_debug() {
        log_to_stderr();
    }
    refuse_idle(&cli)?;
    let file = cli.common.file.as_deref();
    let as_json = cli.common.output.as_deref() == Some("json");
    match cli.verb {
        Verb::Install => play("install", file),
        Verb::Upgrade => play("upgrade", file),
        Verb::Uninstall => play("uninstall", file),
        Verb::Invoke => {
            let action = cli.common.action.ok_or_else(|| {
                Failure::usage("invoke needs the name of a custom action").hint("add --action ACTION")
            })?;
            play(&action, file)
        }
        Verb::Build => {
            demand_porter("build", file)?;
            build::run(&read(file)?)
        }
        Verb::Lint { folders } => lint::run(&lint::Subject::of(&folders, file)?, cli.common.output.as_deref()),
        Verb::Schema { of } => schema::run(of),
        Verb::Status(args) => {
            let form = cli.common.output.as_deref();
            block_on(daily::status(&args, form, &Console::new(env::is_quiet()))).map_err(Failure::of_a_look)
        }
        Verb::Verify(args) => {
            block_on(daily::verify(&args, cli.common.output.as_deref(), &Console::new(env::is_quiet())))
        }
        Verb::Diff(args) => {
            let form = cli.common.output.as_deref();
            block_on(daily::diff(&args, form, &Console::new(env::is_quiet()))).map_err(Failure::of_a_look)
        }
        Verb::Wait(args) => block_on(daily::wait(&args, cli.common.output.as_deref(), &Console::new(env::is_quiet()))),
        Verb::Version => version::run(OutputForm::of(cli.common.output.as_deref(), version::FORMS)?),
        Verb::Vendor(args) => {
            let looks = args.check;
            block_on(vendor::vendor(&args, &Console::new(env::is_quiet())))
                .map_err(|failure| if looks { failure.of_a_look() } else { failure })
        }
        Verb::Pin(args) => block_on(pins::pin(&args, &Console::new(env::is_quiet()))),
        Verb::Outdated(args) => {
            let form = OutputForm::of(cli.common.output.as_deref(), pins::FORMS)?;
            block_on(pins::outdated(&args, form, &Console::new(env::is_quiet()))).map_err(Failure::of_a_look)
        }
        Verb::Bundle(BundleVerb::Run(line)) => bundle::run(&line, as_json),
        Verb::Bundle(BundleVerb::Images(source)) => {
            bundle_images::run(&source.folder, &source.parameters, as_json, &Console::new(env::is_quiet()))
                .map_err(Failure::of_a_look)
        }
        Verb::Hub(HubVerb::New { hub, folder }) => hub::new(&hub, folder, &Console::new(env::is_quiet())),
        Verb::Bead(verb) => act_on_bead(verb, cli.common.output.as_deref(), &Console::new(env::is_quiet())),
        Verb::Claims(ClaimsVerb::Check(args)) => {
            let form = OutputForm::of(cli.common.output.as_deref(), claims::FORMS)?;
            block_on(claims::check(&args, form, &Console::new(env::is_quiet()))).map_err(Failure::of_a_look)
        }
        Verb::Doctor(args) => {
            let form = cli.common.output.as_deref();
            block_on(doctor::run(&args, form, &Console::new(env::is_quiet()))).map_err(Failure::of_a_look)
        }
        Verb::Tree(args) => {
            let form = cli.common.output.as_deref();
            block_on(tree::run(&args, form, &Console::new(env::is_quiet()))).map_err(Failure::of_a_look)
        }
        Verb::Open(args) => {
            let form = cli.common.output.as_deref();
            block_on(open::run(&args, form, &Console::new(env::is_quiet()))).map_err(Failure::of_a_look)
        }
        Verb::Logs(args) => block_on(logs::run(&args, &Console::new(env::is_quiet()))).map_err(Failure::of_a_look),
        Verb::Check(args) => {
            let form = cli.common.output.as_deref();
            block_on(check::run(&args, form, &Console::new(env::is_quiet()))).map_err(Failure::of_a_look)
        }
        Verb::Crds => answer(&yaml::print(&bead_crd())),
        Verb::Explain(args) => explain::run(args.what.as_deref(), args.recursive),
        Verb::Secrets(SecretsVerb::Export(args)) => {
            block_on(secrets_file::export(&args, as_json, &Console::new(env::is_quiet())))
        }
        Verb::Secrets(SecretsVerb::Import(args)) => {
            block_on(secrets_file::import(&args, as_json, &Console::new(env::is_quiet())))
        }
        Verb::Rehearse(args) => block_on(rehearse::rehearse(&args, as_json, &Console::new(env::is_quiet()))),
        Verb::Completions { shell } => completions::run(shell),
    }
}

/// Callers of mixins give some options to every verb of a mixin; to a verb of people, one without effect is a mistake.
fn refuse_idle(cli: &Cli) -> Outcome<()> {
    let answers = match &cli.verb {
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
    let Common { file, output, action, .. } = &cli.common;
    let given =
        [("--file", file.is_some()), ("--action", action.is_some()), ("--output", output.is_some() && !answers)];
    match given.into_iter().find(|(_, is_given)| *is_given) {
        None => Ok(()),
        Some((option, _)) => Err(Failure::usage(format!("{option} has no effect here")).hint("leave it out")),
    }
}

fn act_on_bead(verb: BeadVerb, form: Option<&str>, console: &Console) -> Outcome<()> {
    match verb {
        BeadVerb::New { bead, folder } => bead::new(&bead, folder, console),
        BeadVerb::Check(source) => {
            block_on(bead::check(&source.folder, &source.parameters, form == Some("json"), console))
                .map_err(|failure| failure.of_a_look().in_folder(&source.folder))
        }
        BeadVerb::List(cluster) => block_on(bead::list(&cluster, form, console)).map_err(Failure::of_a_look),
        BeadVerb::Render { source, to } => bead::render(&source.folder, &source.parameters, to.as_deref(), console)
            .map_err(|failure| failure.of_a_look().in_folder(&source.folder)),
    }
}

fn play(action: &str, file: Option<&Path>) -> Outcome<()> {
    demand_porter(action, file)?;
    let input = StepInput::read(&read(file)?, action)?;
    step::run(&input, &Outputs::of_the_step(), &Console::new(env::is_quiet()))
}

/// Nobody types a step into a terminal: who calls a verb of Porter's there looks for one of people.
fn demand_porter(verb: &str, file: Option<&Path>) -> Outcome<()> {
    if file.is_some() || !std::io::stdin().is_terminal() {
        return Ok(());
    }
    let hint = match verb {
        "build" => "`porter build` does that; to look at a bundle: backstack lint DIR".to_owned(),
        action => format!("to play a bundle without Porter: backstack bundle run {action} DIR"),
    };
    Err(Failure::usage(format!("`backstack {verb}` is for Porter, which sends it a step")).hint(hint))
}

fn read(file: Option<&Path>) -> Outcome<String> {
    let (name, bytes) = match file {
        Some(path) => (path.display().to_string(), input::bytes_of(path)),
        None => ("stdin".to_owned(), input::bytes_from(std::io::stdin().lock())),
    };
    let bytes = bytes.map_err(|error| Failure::usage(format!("failed to read {name}: {error}")))?;
    String::from_utf8(bytes).map_err(|_| Failure::usage(format!("{name} is not UTF-8")))
}
