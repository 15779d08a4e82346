//! What nobody else is to see, and what nobody else is to say.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use backstack::opentofu::{Goal, Setup};
use tempfile::TempDir;

use super::fixture::{CONSOLE, Module, TIME, listed, prepared, secrets};

const CHILD: &str = "opentofu::private::child_that_applies";
const SECRET: &str = "a-token-of-nobody";
const MADE: &str = "a-key-that-was-made";

/// Variables of the environment by which the program would work on another state, do other things and tell everything.
const STEERING: [(&str, &str); 9] = [
    ("TF_WORKSPACE", "other"),
    ("TF_CLI_ARGS", "-no-such-flag"),
    ("TF_CLI_ARGS_plan", "-destroy"),
    ("TF_VAR_name", "of the environment"),
    ("TF_DATA_DIR", "/proc/no-such-folder"),
    ("TF_CLI_CONFIG_FILE", "/no/such/file"),
    ("TF_PLUGIN_CACHE_DIR", "/no/such/folder"),
    ("TF_LOG", "trace"),
    ("TF_INPUT", "1"),
];

fn module() -> Module {
    Module::new(&format!(
        "{TIME}
        variable \"name\" {{ default = \"of the module\" }}
        variable \"token\" {{
          type      = string
          sensitive = true
        }}
        resource \"terraform_data\" \"told\" {{
          input = var.token
          provisioner \"local-exec\" {{ command = \"echo so it is: ${{nonsensitive(var.token)}}\" }}
        }}
        resource \"time_sleep\" \"a\" {{ create_duration = \"2s\" }}
        output \"name\" {{ value = var.name }}
        output \"key\" {{
          value     = [\"{MADE}\"]
          sensitive = true
        }}"
    ))
}

/// Not a test of its own: the environment is the process's.
#[tokio::test]
#[ignore = "run by a_run_is_private_and_nobody_steers_it"]
async fn child_that_applies() {
    let (Some(module), Some(state)) = (std::env::var_os("TEST_MODULE"), std::env::var_os("TEST_STATE")) else { return };
    let other = Module::new("");
    let setup = Setup {
        module: PathBuf::from(module),
        state: Some(PathBuf::from(state)),
        secrets: secrets([("token", SECRET)]),
        ..other.setup()
    };
    let tofu = prepared(setup).await.expect("prepared");
    tofu.begin_state().expect("written");
    let plan = tofu.plan(Goal::Apply).await.expect("planned");
    plan.tell(&CONSOLE);
    tofu.apply(plan).await.expect("applied");
    let outputs = tofu.outputs().await.expect("told");
    CONSOLE.say(format!(
        "it tells {} and {}",
        outputs.text("name").expect("a name"),
        outputs.text("key").expect("a key")
    ));
}

/// The modes of the folders of the run, and of the files in them. The lock file, which holds no secret, has a mode of its own.
fn modes(folder: &TempDir) -> BTreeSet<String> {
    let runs = listed(folder.path()).into_iter().filter(|(name, _)| name.starts_with("backstack-tmp-"));
    runs.flat_map(|(name, mode)| {
        let mut find = Command::new("find");
        find.arg(folder.path().join(&name)).args([
            "-type",
            "f",
            "!",
            "-name",
            ".terraform.lock.hcl",
            "-printf",
            "%m %f\n",
        ]);
        let files = find.output().expect("find starts").stdout;
        let files: Vec<String> = String::from_utf8_lossy(&files).lines().map(str::to_owned).collect();
        [vec![format!("{mode:o} {name}")], files].concat()
    })
    .collect()
}

#[test]
#[ignore = "needs the testbed"]
fn a_run_is_private_and_nobody_steers_it() {
    let module = module();
    let prefix = format!("a-name-that-is-too-long-for-a-socket-{}", "long-".repeat(20));
    let temporary = tempfile::Builder::new().prefix(&prefix).tempdir().expect("a folder");
    let log = temporary.path().join("log");
    let said = tempfile::NamedTempFile::new().expect("a file");
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args([CHILD, "--exact", "--ignored", "--nocapture"])
        .envs(STEERING)
        .env("TF_LOG_PATH", &log)
        .env("TMPDIR", temporary.path())
        .env("TEST_MODULE", module.path())
        .env("TEST_STATE", module.state())
        .stdin(Stdio::null())
        .stdout(said.reopen().expect("opens"))
        .stderr(said.reopen().expect("opens"))
        .spawn()
        .expect("starts");
    let mut seen = BTreeSet::new();
    let status = loop {
        seen.extend(modes(&temporary));
        if let Some(status) = child.try_wait().expect("a child") {
            break status;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    };
    let text = fs::read_to_string(said.path()).expect("text");
    assert!(status.success(), "{text}");
    assert!(text.contains("it tells of the module and [\"*******\"]"), "{text}");
    assert!(text.contains("so it is: *******"), "{text}");
    for leak in [SECRET, MADE, "\u{1b}"] {
        assert!(!text.contains(leak), "{leak} is in {text}");
    }
    let names = |name: &str| seen.iter().any(|line| line.ends_with(name));
    assert!(
        names("values.tfvars.json") && names("main.tf") && seen.iter().any(|it| it.contains("700 backstack")),
        "{seen:#?}"
    );
    let open: Vec<_> =
        seen.iter().filter(|line| !line.starts_with("600 ") && !line.starts_with("700 backstack")).collect();
    assert!(open.is_empty(), "others can read {open:#?}");
    assert_eq!(listed(temporary.path()), [], "it is still there, or there is a log");
    assert_eq!(listed(module.states.path()), [("terraform.tfstate".to_owned(), 0o600)]);
}
