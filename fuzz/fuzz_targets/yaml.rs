//! The readers of YAML: no bytes may make one panic, hang or grow without bound, and what is read is printed as the same.
#![no_main]

use backstack::schema::plain;
use backstack::yaml::{self, Reader};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for reader in [Reader::Kubernetes, Reader::Porter, Reader::Backstage] {
        let Ok(documents) = yaml::documents("x", text, reader) else { continue };
        for value in documents.iter().map(|document| plain(&document.root)) {
            let again = yaml::parse("x", &yaml::print(&value), reader).expect("what is printed can be read");
            assert_eq!(plain(&again.root), value);
        }
    }
});
