//! Where lint has to hold its peace: in good bundles, and before templates.

use std::path::Path;

use backstack::{lint, yaml};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::fixture::{BUNDLE, bundle, found, nothing, results, sent, with};
use crate::support::{Mixin, data, text};

/// The hub bundles of this repository.
const HUBS: [&str; 5] = ["back", "existing", "kind", "openstack", "opentofu"];

#[test]
fn nothing_is_found_in_good_bundles() {
    nothing(&found(BUNDLE));
    for hub in HUBS {
        let shipped = data(&format!("bundles/hubs/{hub}"));
        let input = sent(&text(&format!("bundles/hubs/{hub}/porter.yaml")));
        assert_eq!(results(&shipped, &input), [json!(null); 0], "{hub}");
        let run = Mixin::new("lint").arg(&shipped).run().exits(0);
        assert_eq!(run.stdout, "0 errors, 0 warnings\n", "{hub}");
    }
}

/// The good bundle as a value, in which a template takes the place of one value below a `backstack:`.
fn templated(at: &mut usize, value: &mut Value) {
    if *at == 0 {
        *value = json!("${ bundle.custom.anything }");
    }
    *at = at.wrapping_sub(1);
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| templated(at, item)),
        Value::Object(fields) => fields.values_mut().for_each(|item| templated(at, item)),
        _ => {}
    }
}

#[test]
fn a_template_in_any_place_is_no_finding() {
    let good = yaml::manifests("porter.yaml", BUNDLE).expect("valid").remove(0);
    let mut tried = 0;
    for action in ["install", "upgrade", "uninstall"] {
        for index in 0..good[action].as_array().map_or(0, Vec::len) {
            for place in 1.. {
                let mut manifest = good.clone();
                templated(&mut place.clone(), &mut manifest[action][index]["backstack"]);
                if manifest == good {
                    break; // behind the last value
                }
                let porter_yaml = yaml::print(&manifest);
                let folder = bundle(&porter_yaml);
                let told: Vec<_> = lint::findings(&sent(&porter_yaml), folder.path())
                    .into_iter()
                    // `env` is the one place in which a template is wrong
                    .filter(|it| it.rule.number != 105)
                    .collect();
                assert!(told.is_empty(), "{porter_yaml}\n{told:#?}");
                tried += 1;
            }
        }
    }
    assert!(tried > 25, "{tried}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn lint_never_panics(text in ".{0,200}", value in "[-0-9a-z.:_~\\[\\]{}\"' #|>&*!%@`$]{0,20}") {
        let nowhere = Path::new("/nowhere");
        let _ = lint::findings(&format!("actions: {text}"), nowhere);
        for field in ["file", "repository", "cluster"] {
            let _ = lint::findings(&format!("actions: {{install: [{{backstack: {{hub: {{{field}: {value}}}}}}}]}}"), nowhere);
        }
    }

    #[test]
    fn a_template_with_any_name_is_no_finding(name in "[ a-z.-]{0,20}", around in "[a-z/]{0,5}") {
        prop_assume!(!name.contains("bundle."));
        let text = format!("{around}${{{name}}}{around}");
        let porter_yaml = with("file: hub.yaml", &format!("file: \"{text}\""))
            .replace("/home/nonroot/.kube/config}\n    t", &format!("\"{text}\"}}\n    t"))
            .replace("{env: TOKEN}", &format!("{{file: \"{text}\"}}"));
        let folder = bundle(&porter_yaml);
        let told = lint::findings(&sent(&porter_yaml), folder.path());
        prop_assert!(told.is_empty(), "{porter_yaml}\n{told:#?}");
    }
}
