//! How many instructions the verbs take that need neither a cluster nor a network: counted by callgrind, and held against
//! `recorded.json`. A second is one of a machine and of what else runs there; an instruction is not.
//!
//! What other threads than the first do is not among them. The program is the one that all tests have, built for debugging. What a
//! release takes of each call is less, but a loop too many, a text that is read twice and a copy of everything are the same in both,
//! and a second build of all there is would take minutes.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use backstack_testbed::{Baseline, Counts};
use tempfile::TempDir;

use crate::hub::fixture::copy_bundle;
use crate::support::{Mixin, data, write};

const RECORD: &str = "tests/instructions/recorded.json";
const INSTRUCTIONS: &str = "instructions";
/// What is let pass is this part of what was recorded. Runs of one program, and two builds of it in two folders, differ by a part of
/// ten thousand, by the seeds of hash maps and the length of paths, however busy the machine is; the rest is for what is no regression,
/// such as one more option of the command line.
const PART: u64 = 50;
/// Not what the system does before, which loads a program for debugging with all its symbols.
const IN_MAIN: &str = "--toggle-collect=main";
/// The steps of a bundle that is larger than any.
const MANY: usize = 1000;
/// The objects of a large bead.
const OBJECTS: usize = 200;

#[test]
#[ignore = "needs the testbed"]
fn the_verbs_without_a_cluster_take_the_instructions_that_are_recorded() {
    let bench = Bench::new();
    let mut found = Baseline { made_with: tools(), ..Baseline::default() };
    let mut count = |scenario: &str, call: &str, stdin: Option<&str>| {
        let instructions = bench.count(call, stdin);
        println!("{scenario}: {instructions}");
        let counts = Counts::from([(INSTRUCTIONS.to_owned(), instructions)]);
        found.scenarios.insert(scenario.to_owned(), counts);
    };
    let (one, many) = (steps(1), steps(MANY));
    count("version", "version --output json", None);
    count("schema", "schema", None);
    count("build", "build", Some(&one));
    count("lint of a step", "lint", Some(&one));
    count("lint of 1000 steps", "lint", Some(&many));
    count("render of a bead of 200 objects", "bead render bead --to rendered", None);
    count("render of a hub", "bundle images hub", None);
    let held = found.hold(&data(RECORD), |_, recorded| recorded / PART);
    held.unwrap_or_else(|error| panic!("{error:#}"));
}

/// What the numbers depend on beside the program: what makes it, what counts, the library that it calls, and by what instructions that
/// copies and compares.
fn tools() -> BTreeMap<String, String> {
    let calls =
        [("rustc", "rustc --version"), ("valgrind", "valgrind --version"), ("C library", "getconf GNU_LIBC_VERSION")];
    let mut tools: BTreeMap<String, String> = calls.map(|(tool, call)| (tool.to_owned(), answer(call))).into();
    let processor = fs::read_to_string("/proc/cpuinfo").expect("Linux says it");
    let has_avx2 = processor.split_whitespace().any(|it| it == "avx2");
    tools.insert(
        "processor".to_owned(),
        format!("{}, {} AVX2", std::env::consts::ARCH, if has_avx2 { "with" } else { "without" }),
    );
    tools
}

fn answer(call: &str) -> String {
    let (program, argument) = call.split_once(' ').expect("a program and an argument");
    let asked = Command::new(program).arg(argument).current_dir(data(".")).output();
    let asked = asked.unwrap_or_else(|error| panic!("{program}: {error}"));
    String::from_utf8(asked.stdout).expect("text").trim().to_owned()
}

/// What Porter sends to `build` and `lint` for so many steps.
fn steps(count: usize) -> String {
    let step = "    - backstack:\n        description: A step\n        hub:\n          file: hub.yaml\n          \
                repository: {url: https://git.example/hub}\n";
    format!("actions:\n  install:\n{}  uninstall: []\n  upgrade: []\n", step.repeat(count))
}

/// A folder with what the scenarios read.
struct Bench(TempDir);

impl Bench {
    /// With a bead of many objects, and a hub of upstream's own manifest.
    fn new() -> Self {
        let bench = Self(tempfile::tempdir().expect("a folder"));
        Mixin::new("bead new bead").folder(bench.folder()).run().exits(0);
        let object = |number: usize| {
            format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: page-{number}}}\ndata: {{text: hello}}\n")
        };
        write(bench.folder(), "bead/app/many.yaml", &(0..OBJECTS).map(object).collect::<String>());
        copy_bundle("hubs/existing", &["hub.yaml", "lock.yaml", "porter.yaml"], &bench.folder().join("hub"));
        bench
    }

    fn folder(&self) -> &Path {
        self.0.path()
    }

    /// The instructions of a call, which has to end well. Those of other programs that it starts would not be among them.
    fn count(&self, call: &str, stdin: Option<&str>) -> u64 {
        let [input, log] = ["stdin", "log"].map(|file| self.folder().join(file));
        fs::write(&input, stdin.unwrap_or_default()).expect("written");
        let mut valgrind = Command::new("valgrind");
        valgrind
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", IN_MAIN])
            .arg(format!("--log-file={}", log.display()))
            .arg(env!("CARGO_BIN_EXE_backstack"))
            .args(call.split_whitespace())
            .current_dir(self.folder())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").expect("a path"))
            .env("BACKSTACK_ROOT", self.folder())
            .stdin(Stdio::from(File::open(&input).expect("it was written")));
        let run = valgrind.output().expect("valgrind starts; it is in the package valgrind");
        assert!(run.status.success(), "{call}: {}\n{}", run.status, String::from_utf8_lossy(&run.stderr));
        collected(&fs::read_to_string(&log).expect("what valgrind says"))
    }
}

/// The number in callgrind's last words: `==1234== Collected : 5678`.
fn collected(said: &str) -> u64 {
    let number =
        said.lines().find_map(|line| line.split_once("Collected : ")).and_then(|(_, it)| it.trim().parse().ok());
    number.unwrap_or_else(|| panic!("callgrind has counted nothing:\n{said}"))
}
