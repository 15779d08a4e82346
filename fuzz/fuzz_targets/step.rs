//! The reader of steps: no bytes may make it panic, hang or grow without bound.
#![no_main]

use backstack::porter::StepInput;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = StepInput::read(text, "install");
});
