//! What people see in a terminal, and that nothing of it is there elsewhere.

use std::fs;
use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::support::terminal::{screen, without_codes};
use crate::support::{Mixin, PorterHome};

const CODE: char = '\u{1b}';
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// A bundle with a mistake.
fn wrong() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "schemaVersion: 1.0.1\nname: tryout\nversion: 1.2.3\nmixins: [backstack]\n\
                install:\n- backstack: {hub: {fiel: hub.yaml}}\nupgrade: []\nuninstall: []\n";
    fs::write(folder.path().join("porter.yaml"), text).expect("written");
    folder
}

fn lint(folder: &Path, more: &str) -> Mixin {
    Mixin::new("lint").arg(folder).args(more.split_whitespace())
}

/// `bundle run` of a step whose mixin is this script.
fn play(script: &str) -> (Mixin, PorterHome, TempDir) {
    let home = PorterHome::new().mixin("echo", script);
    let folder = tempfile::tempdir().expect("a folder");
    let text = "schemaVersion: 1.0.1\nname: tryout\nversion: 1.2.3\nmixins: [echo]\n\
                credentials: [{name: login, env: LOGIN}]\ninstall: [{echo: {}}]\n";
    fs::write(folder.path().join("porter.yaml"), text).expect("written");
    let call = Mixin::new("bundle run install").arg(folder.path()).env("PORTER_HOME", home.path());
    let call = call.args(["--cred", "login=LOGIN"]).env("LOGIN", "up is Healthy now");
    (call.with_path().env("TERM", "xterm"), home, folder)
}

#[test]
fn colours_are_on_terminals_and_where_they_are_asked_for() {
    let folder = wrong();
    let piped = |more| lint(folder.path(), more);
    let plain = piped("").run().exits(2);
    let seen = |call: Mixin| call.env("TERM", "xterm").in_terminal(200).end();

    let (code, shown) = seen(piped(""));
    assert_eq!(code, 2, "{shown}");
    assert!(shown.contains("\u{1b}[1m\u{1b}[31merror[backstack-102]\u{1b}[0m"), "{shown:?}");
    assert_eq!(without_codes(&shown), plain.stdout.clone() + &plain.stderr);

    for quiet in [piped("--color never"), piped("").env("NO_COLOR", "1"), piped("").env("CLICOLOR", "0")] {
        let (_, shown) = seen(quiet);
        assert!(!shown.contains(CODE), "{shown:?}");
    }
    let (_, dumb) = lint(folder.path(), "").env("TERM", "dumb").in_terminal(200).end();
    assert!(!dumb.contains(CODE), "{dumb:?}");

    assert!(!plain.stdout.contains(CODE) && !plain.stderr.contains(CODE), "{:?}", plain.stdout);
    for asked in [piped("--color always"), piped("").env("CLICOLOR_FORCE", "1")] {
        let run = asked.run().exits(2);
        assert!(run.stdout.contains(CODE) && run.stderr.contains(CODE), "{:?}", run.stdout);
        assert_eq!(without_codes(&run.stdout), plain.stdout);
    }
    let json = piped("--color always -o json").run().exits(2);
    assert!(!json.stdout.contains(CODE), "what programs read has none: {:?}", json.stdout);
}

#[test]
fn help_has_colours_by_the_same_rule() {
    assert!(Mixin::new("lint --help --color always").run().exits(0).stdout.contains(CODE));
    assert!(!Mixin::new("lint --help").run().exits(0).stdout.contains(CODE));
    let (_, shown) = Mixin::new("lint --help --color never").env("TERM", "xterm").in_terminal(200).end();
    assert!(!shown.contains(CODE), "{shown:?}");
}

#[test]
fn a_secret_with_a_painted_word_in_it_is_masked() {
    let (call, _home, _folder) = play("cat >/dev/null; echo 'it is Healthy: up is Healthy now' >&2");
    let (code, shown) = call.in_terminal(200).end();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("it is \u{1b}[32mHealthy\u{1b}[0m: *******"), "{shown:?}");
    assert!(!without_codes(&shown).contains("up is"), "{shown:?}");
}

/// A mixin of ours says what it waits for as a line, since it has no terminal.
const WAITS: &str = "cat >/dev/null; echo 'sync       root is syncing  (1 of 900 s)' >&2; sleep 2; \
                     echo 'sync       5 Applications at 0123456789abcdef0123456789abcdef01234567' >&2";

#[test]
fn a_wait_is_one_line_that_is_drawn_anew() {
    let (call, _home, _folder) = play(WAITS);
    let (code, shown) = call.in_terminal(60).end();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.matches("root is syncing  (").count() > 4, "{shown:?}");
    assert!(shown.contains("(1 of 900 s)") && shown.contains("(2 of 900 s)"), "{shown:?}");
    let lines = screen(&shown);
    assert!(lines.iter().all(|line| !line.contains("is syncing")), "{lines:#?}");
    assert!(lines.contains(&"sync       5 Applications at 0123456789ab".to_owned()), "{lines:#?}");
    assert!(!shown.contains("\u{1b}[?25l"), "no cursor is hidden: {shown:?}");
}

#[test]
fn elsewhere_a_wait_is_a_line() {
    let (call, _home, _folder) = play(WAITS);
    let run = call.run().exits(0).says("\nsync       root is syncing  (1 of 900 s)\n");
    assert!(!run.stderr.contains(['\r', CODE]) && run.stderr.contains(COMMIT), "{:?}", run.stderr);
    let (call, _home, _folder) = play(WAITS);
    let (_, dumb) = call.env("TERM", "dumb").in_terminal(60).end();
    assert!(!dumb.contains(CODE) && dumb.contains("root is syncing  (1 of 900 s)\r\n"), "{dumb:?}");
}

#[test]
fn in_the_background_nothing_is_drawn() {
    let (call, _home, _folder) = play(WAITS);
    let (code, shown) = call.in_background().in_terminal(60).end();
    assert_eq!(code, 0, "{shown}");
    assert!(without_codes(&shown).contains("root is syncing  (1 of 900 s)\n"), "{shown:?}");
    assert!(!shown.contains("\u{1b}[K"), "{shown:?}");
}

#[test]
fn an_answer_takes_the_place_of_a_wait() {
    let script = "cat >/dev/null; echo 'sync       root is syncing  (1 of 900 s)' >&2; sleep 1";
    let (call, _home, _folder) = play(script);
    let (code, shown) = call.args(["-o", "json"]).in_terminal(60).end();
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("root is syncing  ("), "{shown:?}");
    let lines = screen(&shown);
    assert!(lines.contains(&"{}".to_owned()), "{lines:#?}");
}

#[test]
fn an_interrupted_wait_leaves_no_line() {
    let script = "cat >/dev/null; echo 'sync       root is syncing  (1 of 900 s)' >&2; sleep 30 & wait";
    let (call, _home, _folder) = play(&format!("trap 'kill $!; exit 9' TERM; {script}"));
    let mut run = call.in_terminal(60);
    run.until("root is syncing", 3);
    kill_process(Pid::from_child(&run.child), Signal::INT).expect("told");
    let (code, shown) = run.end();
    assert_eq!(code, 130, "{shown}");
    let lines = screen(&shown);
    assert!(lines.iter().all(|line| !line.contains("is syncing")), "{lines:#?}");
    assert!(lines.iter().any(|line| line.contains("was interrupted")), "{lines:#?}");
}

#[test]
fn tables_fit_the_terminal() {
    let step = tempfile::NamedTempFile::new().expect("a file");
    fs::write(step.path(), "help:\n- backstack: {cluster: {existing: {}}}\n").expect("written");
    let help = || Mixin::new("invoke --action help --file").arg(step.path()).env("TERM", "xterm");
    let (code, shown) = help().in_terminal(70).end();
    assert_eq!(code, 0, "{shown}");
    let shown = without_codes(&shown);
    let rows: Vec<&str> = shown.lines().filter(|line| line.starts_with("  ")).collect();
    assert!(rows.len() > 8 && rows.iter().all(|row| row.chars().count() <= 70), "{rows:#?}");
    // Sentences go on in the next line.
    let whole = help().run().exits(0).stderr;
    let words = |text: &str| {
        let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        words.sort();
        words
    };
    assert_eq!(words(&shown), words(&whole));
    assert!(whole.lines().any(|line| line.chars().count() > 70), "{whole}");
}

#[test]
fn tables_of_a_mixin_fit_the_terminal_of_bundle_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "schemaVersion: 1.0.1\nname: tryout\nversion: 1.2.3\nmixins: [backstack]\n\
                customActions: {help: {description: d, stateless: true}}\n\
                install: []\nhelp: [{backstack: {cluster: {existing: {}}}}]\n";
    fs::write(folder.path().join("porter.yaml"), text).expect("written");
    let call = || {
        let call = Mixin::new("bundle run help").arg(folder.path()).env("TERM", "xterm");
        call.with_path()
    };
    let (code, shown) = call().in_terminal(70).end();
    assert_eq!(code, 0, "{shown}");
    let shown = without_codes(&shown);
    let rows: Vec<&str> = shown.lines().filter(|line| line.starts_with("  ")).collect();
    assert!(rows.len() > 8 && rows.iter().all(|row| row.chars().count() <= 70), "{rows:#?}");
    assert!(!shown.contains('…') && !call().run().exits(0).stderr.contains('…'), "{shown}");
}

/// A step of ours ends with one sentence; what the bundle hands back is shown before the last of them.
#[test]
fn the_last_word_is_what_is_and_what_is_next() {
    let script = r#"cat >/dev/null; echo 'done       all is there; next: look' >&2
        echo '{"name": "hello", "parts": []}' > "$PORTER_HOME/porter/outputs/state""#;
    let home = PorterHome::new().mixin("echo", script);
    let folder = tempfile::tempdir().expect("a folder");
    let text = "schemaVersion: 1.0.1\nname: tryout\nversion: 1.2.3\nmixins: [echo]\noutputs: [{name: state, type: object}]\n\
                install: [{echo: {}}, {echo: {}}]\nupgrade: [{echo: {}}]\n";
    fs::write(folder.path().join("porter.yaml"), text).expect("written");
    let call = |action: &str| {
        let call = Mixin::new("bundle run").arg(action).arg(folder.path()).env("PORTER_HOME", home.path());
        call.with_path().run().exits(0).stderr
    };
    let said = call("install");
    let lines: Vec<&str> = said.lines().skip(1).collect();
    let table = ["  OUTPUT  TYPE    VALUE", "  state   object  2 fields: name, parts (whole with -o json)"];
    let last = "done       all is there; next: look";
    assert_eq!(lines, [last, table[0], table[1], last]);
    assert!(call("upgrade").ends_with(&format!("{}\n{last}\n", table[1])));

    let silent = PorterHome::new().mixin("echo", "cat >/dev/null; echo '{}' > \"$PORTER_HOME/porter/outputs/state\"");
    let call = Mixin::new("bundle run upgrade").arg(folder.path()).env("PORTER_HOME", silent.path());
    let said = call.with_path().run().exits(0).stderr;
    let last = said.lines().last().unwrap_or_default();
    assert_eq!(last, format!("done       upgrade of the bundle in {} is done", folder.path().display()));
}
