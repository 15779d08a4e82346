//! What is wrong with a command line is told before any cluster is asked.

use crate::support::Mixin;

#[test]
fn a_code_or_form_that_there_is_not_is_a_mistake_of_the_command_line() {
    for (line, said) in [
        ("doctor --only orphan", "there is no code `orphan`"),
        ("doctor --only orphan", "did you mean `orphans`?"),
        ("doctor --only held,nonsense", "there is no code `nonsense`"),
        ("doctor --output yaml", "there is no form `yaml`"),
        ("doctor --file x", "--file has no effect here"),
        ("doctor --action x", "--action has no effect here"),
    ] {
        let run = Mixin::new(line).run();
        assert_eq!((run.code, run.stderr.contains(said)), (2, true), "{line}: {}", run.stderr);
    }
}
