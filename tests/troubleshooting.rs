//! What docs/troubleshooting.md says that the program says, held against the code.

use std::fs;
use std::path::Path;

use crate::support::text;

/// All the code, with texts that go on in the next line put together.
fn code(folder: &Path) -> String {
    let mut all = String::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            all.push_str(&code(&path));
        } else if path.extension().is_some_and(|it| it == "rs") {
            all.push_str(&fs::read_to_string(&path).expect("text"));
        }
    }
    let mut joined = String::new();
    for piece in all.split("\\\n") {
        joined.push_str(if joined.is_empty() { piece } else { piece.trim_start() });
    }
    joined
}

/// A message that was reworded would be looked for in vain.
#[test]
fn each_message_is_one_of_the_program() {
    let code = code(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let page = text("docs/troubleshooting.md");
    let messages: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`')).collect();
    assert!(messages.len() > 15, "{messages:?}");
    for message in messages {
        let pieces = message.split('…').map(str::trim).filter(|piece| !piece.is_empty());
        pieces.for_each(|piece| assert!(code.contains(piece), "nothing says `{piece}`"));
    }
}
