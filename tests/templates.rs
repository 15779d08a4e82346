//! Templates in the steps of `porter.yaml`, rendered and refused as Porter does.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Mixin, PorterHome, Run, text};

/// Keeps what it reads, a file a step.
const KEEP: &str = r#"cat > "$KEEP/$(ls "$KEEP" | wc -l)""#;

/// A run of an action with a mixin that keeps its stdin, and what that was in each step.
fn play(manifest: &str, action: &str) -> (Run, Vec<String>) {
    let (bundle, kept) = (folder_with(manifest), tempfile::tempdir().expect("a folder"));
    let home = PorterHome::new().mixin("echo", &KEEP.replace("$KEEP", &kept.path().display().to_string()));
    let run = Mixin::new("bundle run").arg(action).arg(bundle.path()).env("PORTER_HOME", home.path()).with_path();
    let run = run.run();
    let read = |index: usize| fs::read_to_string(kept.path().join(index.to_string())).ok();
    (run, (0..).map_while(read).collect())
}

fn folder_with(manifest: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("porter.yaml"), manifest).expect("written");
    folder
}

fn lint(manifest: &str) -> Run {
    Mixin::new("lint").arg(folder_with(manifest).path()).run()
}

/// A bundle with these actions.
fn bundle(actions: &str) -> String {
    let head = "schemaVersion: 1.0.1\nname: t\nversion: 0.1.0\nregistry: r.example.org\nmixins: [echo]\n";
    format!("{head}parameters: [{{name: who, type: string, default: me}}]\nuninstall: []\n{actions}")
}

#[test]
fn steps_are_sent_or_refused_as_porter_does() {
    let table: Value = serde_json::from_str(&text("tests/data/porter-templates.json")).expect("JSON");
    let cases = table["bundles"].as_array().expect("cases");
    assert!(cases.len() > 25);
    for case in cases {
        let (manifest, action) = (case["manifest"].as_str().expect("text"), case["action"].as_str().expect("text"));
        let sent = case["sent"].as_array().map(|all| all.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
        // What Porter hands on with its templates in it is refused here.
        let sent = sent.flatten().filter(|all| !all.iter().any(|text| text.contains("${ b")));
        let (run, got) = play(manifest, action);
        match sent {
            Some(sent) => {
                assert_eq!(run.code, 0, "{manifest}{}", run.stderr);
                assert_eq!(got, sent, "{manifest}");
                assert_eq!(lint(manifest).code, 0, "{manifest}");
            }
            None => assert_eq!(run.code, 2, "{manifest}{}{got:?}", run.stderr),
        }
    }
}

#[test]
fn what_a_run_refuses_is_refused_before_it_starts_and_by_lint() {
    let ok = "- echo: {a: 1}\n";
    for (actions, place, said) in [
        (format!("install:\n{ok}- echo:\n    a: ${{ open\n"), "11:8", "never closed by `}`"),
        (format!("install:\n{ok}# ${{ open\n"), "10:3", "never closed"),
        (format!("install:\n{ok}- echo: {{a: '${{ HOME }}'}}\n"), "10:14", "missing variable `HOME`"),
        (format!("install:\n{ok}- echo: {{a: '${{ bundle.parameters.nobody }}'}}\n"), "10:14", "has: who"),
        (format!("install:\n{ok}- echo: {{a: '${{ bundle.parameters.who.x }}'}}\n"), "10:14", "has no parts"),
        (format!("install:\n- echo: {{a: '${{ bundle.outputs.x }}'}}\n{ok}"), "9:14", "no step before"),
        (
            format!("install:\n{ok}- echo: {{a: '${{#bundle}}'}}\n- echo: {{a: '${{/bundle}}'}}\n"),
            "10:14",
            "never closed",
        ),
        ("install:\n- echo: &x {a: 1}\n- echo: *x\n".to_owned(), "10:9", "step 2 of install has an alias"),
        ("install:\n- echo: &x {a: 1}\n- echo: {<<: *x, b: 2}\n".to_owned(), "10:14", "renders each step by itself"),
        ("install:\n- &x\n  echo: {a: 1}\n- *x\n".to_owned(), "11:3", "step 2 of install has an alias"),
        (format!("x-list: &x [1]\ninstall:\n{ok}- echo: {{a: *x}}\n"), "11:13", "written elsewhere"),
    ] {
        let manifest = bundle(&actions);
        let (run, sent) = play(&manifest, "install");
        let place = format!("porter.yaml:{place}");
        assert!(sent.is_empty(), "{manifest}");
        run.exits(2).says(said).says(&place);
        let lint = lint(&manifest);
        let shown = [lint.stdout.as_str(), lint.stderr.as_str()].concat();
        assert!(lint.code == 2 && shown.contains(said) && shown.contains(&place), "{manifest}{shown}");
    }
}

#[test]
fn an_action_that_is_an_alias_has_no_templates() {
    let manifest = bundle("install: &all\n- echo: {a: '${ bundle.parameters.who }'}\nupgrade: *all\n");
    assert_eq!(play(&manifest, "install").1, ["install:\n  - echo:\n      a: me\n"]);
    let (run, sent) = play(&manifest, "upgrade");
    assert!(sent.is_empty());
    run.exits(2)
        .says("step 1 of upgrade is behind an alias, where Porter renders no templates")
        .says("porter.yaml:10:10");
    assert_eq!(lint(&manifest).code, 2);
    let manifest = bundle("install: &all\n- echo: {a: 1}\nupgrade: *all\n");
    assert_eq!(play(&manifest, "upgrade").1, ["upgrade:\n  - echo:\n      a: 1\n"]);
    assert_eq!(lint(&manifest).code, 0);
}

#[test]
fn a_value_cannot_end_its_step() {
    let value = "\"1\\n- echo: {b: 2}\"";
    let manifest = bundle("install:\n- echo: {a: 0}\n- echo:\n    a: ${ bundle.parameters.who }\n");
    let (run, sent) = play(&manifest.replace("default: me", &format!("default: {value}")), "install");
    assert_eq!(sent.len(), 1);
    run.exits(2).says("step 2 of install: invalid step yaml after rendering its templates");
}

#[test]
fn the_version_of_the_schema_decides() {
    let manifest = bundle("install:\n- echo: {a: '${ bundle.parameters.who } {{ bundle.parameters.who }}'}\n");
    let old = manifest.replace("schemaVersion: 1.0.1", "schemaVersion: 1.0.0-alpha.1");
    assert_eq!(play(&manifest, "install").1, ["install:\n  - echo:\n      a: me {{ bundle.parameters.who }}\n"]);
    assert_eq!(play(&old, "install").1, ["install:\n  - echo:\n      a: ${ bundle.parameters.who } me\n"]);
    for (wrong, said) in [("", "`schemaVersion` is missing"), ("schemaVersion: 2.0.0\n", "porter.yaml:1:16")] {
        let manifest = manifest.replace("schemaVersion: 1.0.1\n", wrong);
        let (run, sent) = play(&manifest, "install");
        assert!(sent.is_empty());
        run.exits(2).says(said).says("write `schemaVersion: 1.0.1`");
        assert_eq!(lint(&manifest).code, 2, "{manifest}");
    }
}

#[test]
fn a_partial_is_read_from_the_bundle_and_from_nowhere_else() {
    let manifest = bundle("install:\n- echo: {a: '${> part }${> gone }'}\n");
    let outside = tempfile::tempdir().expect("a folder");
    let secret = outside.path().join("secret");
    fs::write(&secret, "s3cret").expect("written");
    let home = PorterHome::new().mixin("echo", "cat >&2");
    let run = |manifest: &str, link: bool| {
        let folder = folder_with(manifest);
        if link {
            std::os::unix::fs::symlink(&secret, folder.path().join("part")).expect("linked");
        } else {
            fs::write(folder.path().join("part.mustache"), "{{ bundle.name }}").expect("written");
        }
        Mixin::new("bundle run install").arg(folder.path()).env("PORTER_HOME", home.path()).with_path().run()
    };
    run(&manifest, false).exits(0).says("a: t");
    for (manifest, link) in [
        (manifest.clone(), true),
        (manifest.replace("> part", &format!("> ../../../../../..{}", secret.display())), false),
        (manifest.replace("> part", &format!("> {}", secret.display())), false),
    ] {
        let run = run(&manifest, link);
        assert!(!run.stderr.contains("s3cret"), "{}", run.stderr);
    }
}
