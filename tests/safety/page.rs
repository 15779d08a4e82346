//! docs/safety.md, made of the tests beside this file.

use std::fmt::Write as _;
use std::fs;

use crate::support::{assert_file, data, text};

const FOLDER: &str = "tests/safety";
const PAGE: &str = "docs/safety.md";
const HEAD: &str = "# What is never lost

Made of the tests in `tests/safety`: the name of a test is the promise, the comment above it says how it is kept.
After a change: `UPDATE=1 cargo test --locked the_page_of_promises`.

Whatever a way of this program may take away is one of three: *refused* unless somebody names it, *told* by name, or *not
looked at*, which is said.

What the user of the kubeconfig has to be permitted, and what a smaller role is worth: [the rights of who installs](rbac.md).

## When requests fail

There is no list of what was installed. What is ours is read off the objects themselves: the field manager before the handover,
the Application that tracks an object after it, owners, and the UIDs of a plan. After each of the [cases](faults.md) in which
something goes wrong on the way to an API server, and after a run on a hub or with a bead that was killed at any of its requests,
before its effect and after (`make soak` tries each of them, `make test` some):

- **I1, the truth.** A run that says it has ended well has applied all of its set, and what it waits for is so now. Any other one
  ends with another exit code, the object, the cause and a remedy.
- **I2, no strays.** Nothing has our field manager that the set does not name, at any time: so a run that was killed leaves
  nothing that the next one does not find.
- **I3, one end.** The same again, without a fault, ends in the state of a run that met none.
- **I4, nothing of others.** What the set does not name is neither written nor deleted, and of what it names no field that
  somebody else owns.
- **I5, few requests.** Each request is made as without the fault, and once more at most for each fault, since a connection that
  breaks takes along whatever is under way on it; what is away is asked less and less often.
- **I6, no secret.** No value of a secret is in anything that is said.
";

/// A test, and what it promises.
struct Promise {
    test: String,
    kept_by: String,
    on_real_servers: bool,
}

#[test]
fn the_page_of_promises_is_made_of_the_tests() {
    let names = fs::read_dir(data(FOLDER)).expect("the tests").map(|it| it.expect("a file").file_name());
    let mut files: Vec<String> = names.filter_map(|it| it.into_string().ok()).collect();
    files.retain(|file| !["mod.rs", "page.rs"].contains(&file.as_str()));
    files.sort();
    let page =
        files.iter().fold(HEAD.to_owned(), |page, file| page + &section(file, &text(&format!("{FOLDER}/{file}"))));
    assert!(page.contains("- **"), "no promise is found");
    println!("to write it anew: UPDATE=1 cargo test --locked the_page_of_promises");
    assert_file(PAGE, &page);
}

/// The promises of a file below what the file says of itself; nothing where it has none yet.
fn section(file: &str, source: &str) -> String {
    let promises = promises(source);
    if promises.is_empty() {
        return String::new();
    }
    let title = source.lines().next().and_then(|line| line.strip_prefix("//! ")).expect("a file says what it is about");
    let mut section = format!("\n## {}\n\n", title.trim_end_matches('.'));
    for Promise { test, kept_by, on_real_servers } in promises {
        assert!(!kept_by.is_empty(), "{file}: say above `{test}` how it is kept");
        let on = if on_real_servers { ", on real servers" } else { "" };
        let promise = sentence(&test);
        writeln!(section, "- **{promise}.** {kept_by} ([`{test}`](../{FOLDER}/{file}){on})").expect("a text");
    }
    section
}

/// The tests of a file with the comments above them.
fn promises(source: &str) -> Vec<Promise> {
    let mut found = Vec::new();
    let (mut comment, mut attributes) = (Vec::new(), Vec::new());
    for line in source.lines() {
        if let Some(text) = line.strip_prefix("///") {
            comment.push(text.trim());
        } else if line.starts_with("#[") {
            attributes.push(line);
        } else {
            let name = line.trim_start_matches("async ").strip_prefix("fn ").and_then(|rest| rest.split('(').next());
            let has = |start: &str| attributes.iter().any(|line| line.starts_with(start));
            if let (Some(name), true) = (name, has("#[test]") || has("#[tokio::test")) {
                let (test, kept_by) = (name.to_owned(), comment.join(" "));
                found.push(Promise { test, kept_by, on_real_servers: has("#[ignore") });
            }
            comment.clear();
            attributes.clear();
        }
    }
    found
}

/// The name of a test as a sentence, with the names in it as they are written.
fn sentence(name: &str) -> String {
    let mut words = name.replace('_', " ");
    for (plain, written) in [("argo cd", "Argo CD"), ("api server", "API server"), ("rerun", "re-run")] {
        words = words.replace(plain, written);
    }
    words[..1].to_uppercase() + &words[1..]
}
