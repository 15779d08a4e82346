//! What docs/troubleshooting.md says that the program says, held against the code.

use crate::architecture::{code, sources};
use crate::support::text;

/// All that the program may say, with texts that go on in the next line put together.
fn said() -> String {
    let files = sources("src").into_iter().map(|(_, text)| code(&text).collect::<Vec<_>>().join("\n"));
    let all = files.collect::<Vec<_>>().join("\n");
    all.split("\\\n").map(str::trim_start).collect()
}

/// A message that was reworded would be looked for in vain.
#[test]
fn each_message_is_one_of_the_program() {
    let said = said();
    let page = text("docs/troubleshooting.md");
    let messages: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`')).collect();
    assert!(messages.len() > 15, "{messages:?}");
    for message in messages {
        let pieces = message.split('…').map(str::trim).filter(|piece| !piece.is_empty());
        pieces.for_each(|piece| assert!(said.contains(piece), "nothing says `{piece}`"));
    }
}
