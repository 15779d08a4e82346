//! What people put into an argument is not repeated, however wrong the argument is.

use crate::support::Mixin;

#[test]
fn a_password_in_an_address_is_masked_from_the_first_word_on() {
    for line in [
        "vendor . --mirror http://me:planted-1@127.0.0.1:1/auth",
        "vendor . --mirror=http://planted-1@127.0.0.1:1/auth",
        "vendor . --mirror http://127.0.0.1:1/auth?private_token=planted-1",
        "vendor . --mirorr http://me:planted-1@127.0.0.1:1/auth",
        "vendor . --mirror me:planted-1@127.0.0.1:1/auth",
        "vendor . --mirror=me:planted-1@127.0.0.1:1/auth",
        "vendor http://me:planted-1@127.0.0.1:1/auth",
        "http://me:planted-1@127.0.0.1:1/auth",
        "bead check --nonsense=https://me:planted-1@h.example",
    ] {
        let run = Mixin::new(line).run();
        assert!(run.code == 1 || run.code == 2, "{line}: {}", run.code);
        assert!(!run.stderr.is_empty() && !(run.stdout + &run.stderr).contains("planted"), "{line}: {}", run.stderr);
    }
}
