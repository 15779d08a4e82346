//! What every document must be free of: secrets, since all of them are committed.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::lock::Lock;
use super::lock_rules::lock_rules;
use crate::report::Outcome;
use crate::schema::{Leak, Marks, Mistakes, Scalars, leaks_in, read};

/// Says which secrets are in a document and not among its marks.
pub(super) fn secret_rules<T: Serialize>(
    document: &T,
    marks: &[String],
    remedy: impl Fn(&Leak) -> String,
    found: &mut Mistakes,
) {
    let mut marks = Marks::of(marks);
    let leaks = secrets(document);
    let leaks = leaks.iter().filter(|leak| !marks.excuse(&leak.field()));
    say(leaks, remedy, found);
}

/// Says which secrets there are. Several of a kind in one text are one mistake.
fn say<'l>(leaks: impl Iterator<Item = &'l Leak>, remedy: impl Fn(&Leak) -> String, found: &mut Mistakes) {
    let mut said = BTreeSet::new();
    for leak in leaks {
        leak.hide();
        if said.insert(leak.message()) {
            found.say_of(leak.path(), leak.message(), &remedy(leak), leak.is_common_word());
        }
    }
}

/// The secrets in a document, marked or not.
#[must_use]
pub fn secrets<T: Serialize>(document: &T) -> Vec<Leak> {
    leaks_in(&serde_json::to_value(document).unwrap_or(Value::Null), "")
}

/// The marks of a document that excuse nothing in it.
#[must_use]
pub fn unused_marks<T: Serialize>(document: &T, marks: &[String]) -> Vec<String> {
    let mut marks = Marks::of(marks);
    for leak in secrets(document) {
        marks.excuse(&leak.field());
    }
    marks.unused()
}

/// What to do about a secret of which `name` is what a mark of it would be.
#[must_use]
pub fn remedy(leak: &Leak, name: &str, elsewhere: &str) -> String {
    let first = if leak.is_in_address() {
        "leave it out of the address: Argo CD logs in by a repository Secret that has the address"
    } else {
        elsewhere
    };
    format!("{first}; if it gives no access, add `{name}` to `spec.notSecret`")
}

/// Reads a lock. Fails with all mistakes, each with its place.
pub fn read_lock(name: &str, text: &str) -> Outcome<Lock> {
    let lock: Lock = read(name, text, Scalars::Strict)?;
    let mut found = Mistakes::default();
    let hint = "leave it out: `backstack vendor` logs in by `--netrc-file`, and to a mirror by `--mirror-login`";
    say(secrets(&lock).iter(), |_| hint.to_owned(), &mut found);
    lock_rules(&lock, &mut found);
    found.none_in_text(name, text)?;
    Ok(lock)
}
