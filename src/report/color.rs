//! Whether there are colours: what was asked for, what the environment says, and whether a terminal shows them.

use std::io::IsTerminal;
use std::sync::OnceLock;

use crate::env;

static CHOSEN: OnceLock<Option<bool>> = OnceLock::new();

/// What `--color` says: always, never, or by itself. Said once, before anything is written.
pub fn choose_colors(chosen: Option<bool>) {
    let _ = CHOSEN.set(chosen); // the first choice is that of the command line
}

/// Whether what is written to this stream has colours.
pub(super) fn has_colors(stream: &impl IsTerminal) -> bool {
    let chosen = CHOSEN.get().copied().flatten();
    chosen.or_else(|| asked_for(env::get)).unwrap_or_else(|| can_draw(stream))
}

/// Whether this stream is a terminal that takes more than lines.
pub(super) fn can_draw(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && env::get(env::TERM).is_some_and(|name| name != "dumb")
}

/// What the environment asks for, as <https://no-color.org> and <https://bixense.com/clicolors> have it.
fn asked_for(value: impl Fn(&str) -> Option<String>) -> Option<bool> {
    let is_off = |name| value(name).is_some_and(|it| it == "0");
    if value(env::NO_COLOR).is_some() {
        return Some(false);
    }
    if value(env::CLICOLOR_FORCE).is_some() && !is_off(env::CLICOLOR_FORCE) {
        return Some(true);
    }
    is_off(env::CLICOLOR).then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_is_asked_in_its_order() {
        for (set, answer) in [
            (&[][..], None),
            (&[("NO_COLOR", "1")][..], Some(false)),
            (&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")][..], Some(false)),
            (&[("CLICOLOR_FORCE", "1")][..], Some(true)),
            (&[("CLICOLOR_FORCE", "0")][..], None),
            (&[("CLICOLOR", "0")][..], Some(false)),
            (&[("CLICOLOR", "0"), ("CLICOLOR_FORCE", "1")][..], Some(true)),
            (&[("CLICOLOR", "1")][..], None),
        ] {
            let value = |name: &str| set.iter().find(|(it, _)| *it == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(asked_for(value), answer, "{set:?}");
        }
    }
}
