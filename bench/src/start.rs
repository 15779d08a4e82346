//! What Porter waits for on the author's machine, beside the start of a program that does nothing.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use tempfile::TempDir;

use crate::clock::{Call, race};
use crate::peers::{self, Peer};
use crate::report::{Bound, Measure, OURS, Report, say};

const NOTHING: &str = "/bin/true";
/// How Porter asks for the version.
const VERSION: &str = "version --output json";
/// The steps of a bundle that is larger than any.
const MANY: usize = 1000;

/// Adds the times of all verbs.
pub fn measure(program: &Path, runs: usize, report: &mut Report) -> Result<()> {
    report.section("Start, as Porter waits for it");
    let race = Race { mixins: mixins(program), folder: tempfile::tempdir()?, runs };
    for verb in [VERSION, "schema", "build", "lint"] {
        race.verb(verb, report)?;
    }
    race.large_bundle(report)?;
    race.installers(program, report)
}

/// Our program, and the mixins that are at hand.
fn mixins(program: &Path) -> Vec<Peer> {
    let ours = Peer { name: OURS.to_owned(), program: program.to_owned(), version: "version" };
    let peers = peers::mixins();
    if peers.is_empty() {
        say("no other mixins at hand: $PORTER_HOME/mixins is empty");
    }
    [vec![ours], peers].concat()
}

struct Race {
    mixins: Vec<Peer>,
    folder: TempDir,
    runs: usize,
}

impl Race {
    /// A verb with one step, beside a program that does nothing.
    fn verb(&self, verb: &str, report: &mut Report) -> Result<()> {
        let (names, calls) = self.calls(verb, 1)?;
        let calls = [vec![Call::new(Path::new(NOTHING), "")], calls].concat();
        let times = race(&calls, self.runs)?;
        let nothing = times[0].median;
        report.add_many(verb, Measure::Moment, NOTHING, times[0], None);
        for (name, times) in names.iter().zip(&times[1..]) {
            let bound = (name == OURS).then(|| Bound::most(2.0 * nothing + 3.0, Measure::Moment));
            report.add_many(verb, Measure::Moment, name, *times, bound);
        }
        Ok(())
    }

    fn large_bundle(&self, report: &mut Report) -> Result<()> {
        let (names, calls) = self.calls("lint", MANY)?;
        for (name, times) in names.iter().zip(race(&calls, self.runs.div_ceil(10))?) {
            report.add_many(&format!("lint, {MANY} steps"), Measure::Moment, name, times, None);
        }
        Ok(())
    }

    fn installers(&self, program: &Path, report: &mut Report) -> Result<()> {
        let peers = peers::installers();
        let calls = peers.iter().map(|peer| Call::new(&peer.program, peer.version));
        let calls: Vec<Call> = [Call::new(program, "version")].into_iter().chain(calls).collect();
        let names = [OURS].into_iter().chain(peers.iter().map(|peer| peer.name.as_str()));
        for (name, times) in names.zip(race(&calls, self.runs.div_ceil(10))?) {
            report.add_many("version for people", Measure::Moment, name, times, None);
        }
        Ok(())
    }

    /// The calls of a verb, and whose each is; mixins without the verb are left out.
    fn calls(&self, verb: &str, steps: usize) -> Result<(Vec<String>, Vec<Call>)> {
        let mut found = (Vec::new(), Vec::new());
        for mixin in &self.mixins {
            let call = Call::new(&mixin.program, verb).reads(&self.input(&mixin.name, steps)?);
            if mixin.name == OURS || call.run().is_ok() {
                found.0.push(mixin.name.clone());
                found.1.push(call);
            }
        }
        Ok(found)
    }

    /// What Porter sends to `build` and `lint` for so many steps.
    fn input(&self, mixin: &str, steps: usize) -> Result<PathBuf> {
        let body = match mixin {
            OURS => "hub:\n          file: hub.yaml\n          repository: {url: https://git.example/hub}",
            "exec" => "command: bash\n        arguments: [helpers.sh, install]",
            _ => "manifests: [manifests]",
        };
        let step = format!("    - {mixin}:\n        description: A step\n        {body}\n");
        let file = self.folder.path().join(format!("{mixin}-{steps}.yaml"));
        fs::write(&file, format!("actions:\n  install:\n{}  uninstall: []\n  upgrade: []\n", step.repeat(steps)))?;
        Ok(file)
    }
}
