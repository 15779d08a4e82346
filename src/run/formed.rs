//! The answer of a verb in the form that was asked for: one document, however it is written.

use serde::Serialize;
use serde_json::json;

use crate::report::{Console, Outcome, OutputForm, answer};
use crate::yaml;

/// What a list of things has: their names alone are a form, too.
pub const WITH_NAMES: &[OutputForm] = &[OutputForm::Table, OutputForm::Json, OutputForm::Yaml, OutputForm::Name];
/// What anything else has.
pub const WITHOUT_NAMES: &[OutputForm] = &[OutputForm::Table, OutputForm::Json, OutputForm::Yaml];

/// Tells it to people, or answers on stdout: the whole document, or the names, one a line. A form that the verb does not have
/// was refused before, by [`OutputForm::of`].
pub fn give<N: AsRef<str>>(
    form: OutputForm,
    document: &impl Serialize,
    names: impl IntoIterator<Item = N>,
    tell: impl FnOnce(),
) -> Outcome<()> {
    match form {
        OutputForm::Json => answer(&format!("{:#}\n", json!(document))),
        OutputForm::Yaml => answer(&yaml::print(document)),
        OutputForm::Name => answer(&names.into_iter().fold(String::new(), |all, name| all + name.as_ref() + "\n")),
        _ => {
            tell();
            Ok(())
        }
    }
}

/// Tells people what was not looked at, a line each.
pub fn tell_unseen<'l>(lines: impl IntoIterator<Item = &'l String>, console: &Console) {
    for line in lines {
        console.say(format!("not looked at: {line}"));
    }
}
