//! A panic quotes values; its message is redacted like every other line.

use std::process::Command;

use backstack::report::{redact_panics, remember_secret};

const SECRET: &str = "planted-in-a-panic";
const CHILD: &str = "secrets::panics::child_that_panics";

/// Not a test of its own: the hook is the process's, so the panic needs one to itself.
#[test]
#[ignore = "run by a_panic_shows_no_secret"]
fn child_that_panics() {
    if std::env::var_os("BACKSTACK_TEST_PANICS").is_none() {
        return;
    }
    redact_panics();
    remember_secret(SECRET);
    panic!("refused {SECRET}");
}

#[test]
fn a_panic_shows_no_secret() {
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args([CHILD, "--exact", "--ignored", "--nocapture"])
        .env("BACKSTACK_TEST_PANICS", "1")
        .output()
        .expect("started");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{text}");
    assert!(!text.contains(SECRET), "{text}");
    assert!(text.contains("error: internal error at tests/secrets/panics.rs"), "{text}");
    assert!(text.contains("refused *******") && text.contains("hint: "), "{text}");
}
