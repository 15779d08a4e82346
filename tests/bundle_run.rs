//! `bundle run`, with mixins that are shell scripts.

use std::fs;
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::support::{Mixin, PorterHome, Run};

/// Hands back its stdin and what it was told about itself.
const ECHO: &str = r#"out=$PORTER_HOME/porter/outputs; cat | tee "$out/stdin"; echo "$@" > "$out/argv""#;

/// A bundle in a folder of its own.
fn bundle(manifest: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let head = "schemaVersion: 1.0.1\nname: tryout\nversion: 1.2.3\nmixins: [echo]\n";
    fs::write(folder.path().join("porter.yaml"), format!("{head}{manifest}")).expect("written");
    folder
}

fn call(bundle: &TempDir, home: &PorterHome, line: &str) -> Mixin {
    let mut words = line.split(' ');
    Mixin::new("bundle run")
        .arg(words.next().expect("an action"))
        .arg(bundle.path())
        .arg("-ojson")
        .env("PORTER_HOME", home.path())
        .with_path()
        .args(words)
}

fn run(manifest: &str, line: &str) -> Run {
    call(&bundle(manifest), &PorterHome::new().mixin("echo", ECHO), line).run()
}

/// The stdin of the mixin for a step with this text.
fn sent(parameters: &str, step: &str) -> String {
    let manifest = format!(
        "parameters: [{parameters}]\noutputs: [{{name: stdin, type: string}}]\ninstall:\n- echo: {step}\nzz: {{}}\n"
    );
    let run = run(&manifest, "install").exits(0);
    run.json()["stdin"].as_str().expect("text").to_owned()
}

#[test]
fn templates_are_text_and_yaml_types_them_anew() {
    for (value, step, expected) in [
        ("1", "{a: \"${ bundle.parameters.p }\"}", "a: \"1\""),
        ("1", "\n    a: ${ bundle.parameters.p }", "a: 1"),
        ("\"1.10\"", "\n    a: ${ bundle.parameters.p }", "a: 1.1"),
        ("\"0777\"", "\n    a: ${bundle.parameters.p}", "a: 511"),
        ("\"yes\"", "\n    a: ${ bundle.parameters.p }", "a: \"yes\""),
        ("\"\"", "\n    a: ${ bundle.parameters.p }", "a: null"),
        ("\"x y\"", "\n    a: pre ${ bundle.parameters.p } post", "a: pre x y post"),
        (
            "{b: [1, \"2\"]}, type: object",
            "\n    a: ${ bundle.parameters.p }",
            "a:\n        b:\n          - 1\n          - \"2\"",
        ),
        // Go prints the parts of an object without commas and quotes.
        ("{b: [1, \"2\"]}, type: object", "\n    a: ${ bundle.parameters.p.b }", "a:\n        - 1 2"),
        (
            "\"it's: é\"",
            "\n    a: '${ bundle.name } ${ bundle.version }' # ${ bundle.parameters.p }",
            "a: tryout 1.2.3",
        ),
    ] {
        let sent = sent(&format!("{{name: p, default: {value}}}"), step);
        assert_eq!(sent, format!("install:\n  - echo:\n      {expected}\n"), "{value}");
    }
}

#[test]
fn a_template_that_cannot_be_rendered_stops_the_run() {
    let manifest = "parameters: [{name: p, default: 'a: b'}]\ninstall:\n- echo:\n    a: ${ bundle.parameters.q }\n";
    let missing = run(manifest, "install").exits(2);
    missing.says("missing variable `bundle.parameters.q`").says("`bundle.parameters` has: p");
    let manifest = manifest.replace("parameters.q", "parameters.p");
    run(&manifest, "install").exits(2).says("invalid step yaml after rendering");
}

#[test]
fn parameters_are_checked_before_anything_is_started() {
    let manifest = "parameters:\n- {name: size, type: integer, minimum: 1, maximum: 3}\n- {name: kind, enum: [a, b], \
                    default: a}\n- {name: on, type: boolean, default: true}\n- {name: later, applyTo: [upgrade]}\n\
                    install: [{echo: {}}]\n";
    run(manifest, "install").exits(2).says("`size` is required and has no default; give --param size=VALUE");
    run(manifest, "install --param=size=x").exits(2).says("`size` is `x`, expected integer");
    let all = run(manifest, "install --param=size=4 --param=kind=c --param=on=1 --param=siez=1").exits(2);
    let all = all.says("`size` is `4`, which is outside of its limits").says("`kind` is `c`, which is none of: a, b");
    all.says("`on` is `1`, expected boolean")
        .says("the bundle has no parameter `siez`; did you mean `size`? it has: size, kind, on, later");
    run(manifest, "install --param=size").exits(2).says("write --param NAME=VALUE");
    run(manifest, "install --param=size=3").exits(0);
}

#[test]
fn parameters_are_typed_as_porter_types_them() {
    let manifest = "parameters:\n- {name: on, type: boolean, default: false}\n- {name: n, type: number, default: 5.0, enum: [0.5, 5, 1000]}\n\
                    - {name: o, type: object, default: {}, sensitive: true}\noutputs: [{name: stdin, type: string}]\n\
                    install:\n- echo: {a: \"${ bundle.parameters.on } ${ bundle.parameters.n } ${ bundle.parameters.o.a }\"}\n";
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("o.json");
    fs::write(&file, "{\"a\": 7}").expect("written");
    let object = format!("--param=o=@{}", file.display());
    for (line, expected) in [("True", "true"), ("FALSE", "false")] {
        let run = run(manifest, &format!("install --param=on={line} {object}")).exits(0);
        assert!(run.json()["stdin"].as_str().expect("text").contains(&format!("a: {expected} 5 ")), "{}", run.stdout);
    }
    for (given, expected) in [(".5", "0.5"), ("5.", "5"), ("+5", "5"), ("5.0", "5"), ("1e3", "1000")] {
        let run = run(manifest, &format!("install --param=n={given} {object}")).exits(0);
        assert!(
            run.json()["stdin"].as_str().expect("text").contains(&format!("a: false {expected} ")),
            "{}",
            run.stdout
        );
    }
    for wrong in ["inf", "NaN", "1e999", "0,5", "6"] {
        run(manifest, &format!("install --param=n={wrong} {object}")).exits(2).says("`n` is ");
    }
    run(manifest, "install --param=o=@/nowhere").exits(2).says("`o`: failed to read /nowhere");
}

/// What docs/bundle-run.md says of dates.
#[test]
fn a_date_is_the_text_of_a_time() {
    assert!(sent("", "{a: 2024-01-31}").ends_with("a: \"2024-01-31T00:00:00Z\"\n"));
    let manifest = "custom: {when: 2024-01-31}\ninstall:\n- echo: {a: \"at ${ bundle.custom.when }\"}\n";
    run(manifest, "install").exits(0).says("a: at 2024-01-31T00:00:00Z\n");
}

#[test]
fn what_has_a_variable_and_a_path_is_in_both() {
    let manifest = "parameters:\n- {name: p, type: string, default: x, env: P, path: p.txt}\n\
                    - {name: f, type: file, default: aGk=, env: F, path: /data/f}\n\
                    credentials:\n- {name: c, env: C, path: /home/nonroot/c}\n\
                    outputs: [{name: got, type: string}]\ninstall:\n- echo: {a: \"${ bundle.parameters.p }\"}\n";
    let script = r#"cat; echo "$P $F $(cat p.txt) $(cat "$BACKSTACK_ROOT/data/f")" > "$PORTER_HOME/porter/outputs/got"
        test "$C" = "$(cat "$HOME/c")" -a "$C" = t0p-secret"#;
    let home = PorterHome::new().mixin("echo", script);
    let run = call(&bundle(manifest), &home, "install --cred=c=MINE").env("MINE", "t0p-secret").run().exits(0);
    assert_eq!(run.json()["got"], "x aGk= x hi\n");
    run.says("a: x");
}

#[test]
fn a_step_that_fails_is_told_before_what_it_left_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "schemaVersion: 1.0.1\nname: self\nmixins: [backstack, echo]\ninstall: [{echo: {}}, {backstack: {cluter: {}}}]\n";
    fs::write(folder.path().join("porter.yaml"), text).expect("written");
    // It puts what is no file in the folder of outputs.
    let home = PorterHome::new().mixin("echo", "cat >/dev/null");
    let home = home.mixin("backstack", "mkfifo $PORTER_HOME/porter/outputs/x; exit 3");
    let run = call(&folder, &home, "install").run().exits(3);
    run.says("install of backstack ended with exit status: 3").says("failed to read /cnab/app/porter/outputs/x");
}

#[test]
fn credentials_come_from_variables_and_files_and_are_never_shown() {
    let manifest = "credentials:\n- {name: token, env: TOKEN, applyTo: [install]}\n- {name: key, path: /home/nonroot/key}\n\
                    outputs: [{name: got, type: string, sensitive: true}]\n\
                    install:\n- echo:\n    description: use ${ bundle.credentials.token }\n    \
                    key: ${ bundle.credentials.key }\nupgrade: [{echo: {}}]\n";
    let bundle = bundle(manifest);
    let key = bundle.path().join("the-key");
    fs::write(&key, "first line\nsecond line\n").expect("written");
    let script = r#"cat; cat "$HOME/key"; echo "$TOKEN" | base64 >&2; stat -c %a "$HOME/key"
        printf '%s %s' "$TOKEN" "$(cat "$HOME/key")" > "$PORTER_HOME/porter/outputs/got""#;
    let home = PorterHome::new().mixin("echo", script);
    call(&bundle, &home, "install").run().exits(2).says("`token` is required").says("`key` is required");
    call(&bundle, &home, "upgrade --cred=key=/nowhere").run().exits(2).says("no environment variable");
    // As the shell makes it of `--cred key=$TOKEN`.
    let run = call(&bundle, &home, "upgrade --cred=key=6755b6ffplanted").run().exits(2);
    assert!(!run.stderr.contains("planted"), "{}", run.stderr);
    run.says("`key`: what is given names neither an environment variable that is set nor a file");
    let path = key.display().to_string();
    let by_name = call(&bundle, &home, "upgrade --cred=key=WHERE").env("WHERE", &path).run();
    by_name.exits(2).says("WHERE holds only the path of one; give --cred key=\"$WHERE\"");

    let folder = tempfile::tempdir().expect("a folder");
    let line =
        format!("install --cred=token=MY_TOKEN --cred=key={} --outputs-dir={}", key.display(), folder.path().display());
    let run = call(&bundle, &home, &line).env("MY_TOKEN", "t0p-secret").run().exits(0).says("600").says("use *******");
    for secret in ["t0p-secret", "first line", "second line", "dDBwLXNlY3JldA"] {
        assert!(!run.stderr.contains(secret) && !run.stdout.contains(secret), "{secret}: {}{}", run.stdout, run.stderr);
    }
    assert_eq!(run.json(), json!({"got": "*******"}));
    let got = fs::read_to_string(folder.path().join("got")).expect("written");
    assert_eq!(got, "t0p-secret first line\nsecond line");
}

#[test]
fn custom_actions_are_invoked_and_unknown_ones_listed() {
    let manifest = "outputs: [{name: argv, type: string}]\ninstall: [{echo: {}}]\nstatus: [{echo: {}}]\n";
    assert_eq!(run(manifest, "status").exits(0).json(), json!({"argv": "invoke --action status\n"}));
    assert_eq!(run(manifest, "install").exits(0).json(), json!({"argv": "install\n"}));
    run(manifest, "statsu")
        .exits(2)
        .says("bundle tryout has no action `statsu`")
        .says("did you mean `status`? it has: install, status");
}

#[test]
fn outputs_reach_the_next_step_and_the_bundle() {
    let manifest = "outputs:\n- {name: n, type: integer}\n- {name: o, type: object, applyTo: [install]}\n\
                    - {name: filed, type: file, path: filed.txt}\n- {name: d, type: string, default: x}\n\
                    - {name: other, type: string, applyTo: [upgrade]}\n\
                    install:\n- echo: {number: 1}\n- echo:\n    got: ${ bundle.outputs.n }\n";
    let script = r#"grep -q 'got: 7' && exit 0
        out=$PORTER_HOME/porter/outputs; printf 7 > "$out/n"; printf '{"a":"<&>"}' > "$out/o"; printf z > "$out/extra"
        echo in the file > filed.txt"#;
    let bundle = bundle(manifest);
    let run = call(&bundle, &PorterHome::new().mixin("echo", script), "install").run().exits(0);
    assert_eq!(run.json(), json!({"n": 7, "o": {"a": "<&>"}, "filed": "in the file\n", "d": "x"}));
    assert!(!bundle.path().join("filed.txt").exists(), "the bundle itself is left alone");
}

#[test]
fn outputs_that_are_missing_or_wrong_fail_the_run() {
    let manifest = "outputs: [{name: n, type: integer}, {name: gone, type: string}]\ninstall: [{echo: {}}]\n";
    let home = PorterHome::new().mixin("echo", r#"printf x > "$PORTER_HOME/porter/outputs/n""#);
    let run = call(&bundle(manifest), &home, "install").run().exits(1);
    let run = run.says("required output gone is missing and has no default");
    run.says("output n is no valid JSON of type integer");
}

#[test]
fn the_first_failure_ends_the_run_and_its_outputs_are_kept() {
    let manifest = "outputs: [{name: n, type: integer}, {name: gone}]\ninstall:\n- echo: {a: 1}\n- echo: {a: 2}\n";
    let home = PorterHome::new().mixin("echo", r#"printf 1 > "$PORTER_HOME/porter/outputs/n"; echo why >&2; exit 3"#);
    let run = call(&bundle(manifest), &home, "install").run().exits(1);
    assert_eq!(run.json(), json!({"n": 1}));
    let run = run.says("mixin execution failed: install of echo ended with exit status: 3");
    assert_eq!(run.stderr.matches("why").count(), 1);
    assert!(!run.stderr.contains("gone"), "{}", run.stderr);
}

/// What a person reads last is why it failed and what to do; the step has said it before the outputs were known.
#[test]
fn a_failed_step_of_ours_has_the_last_word() {
    let folder = tempfile::tempdir().expect("a folder");
    let manifest = "schemaVersion: 1.0.1\nname: tryout\nversion: 1.2.3\nmixins: [backstack]\n\
                    outputs: [{name: n, type: integer, default: 1}]\n\
                    install: [{backstack: {description: Look, cluster: {existing: {}}, timeout: 1m}}]\n";
    fs::write(folder.path().join("porter.yaml"), manifest).expect("written");
    let run = Mixin::new("bundle run install").arg(folder.path()).with_path().run().exits(1);
    let told: Vec<&str> = run.stderr.lines().collect();
    let at = |start: &str| told.iter().position(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{told:#?}"));
    assert!(at("Look") < at("  OUTPUT") && at("  OUTPUT") < at("error: no kubeconfig was found"), "{told:#?}");
    assert!(told.last().is_some_and(|line| line.starts_with("hint: give the bundle a kubeconfig")), "{told:#?}");
    assert_eq!(told.iter().filter(|line| line.starts_with("error: ")).count(), 1, "{told:#?}");
}

#[test]
fn a_long_line_and_an_unread_stdin_are_fine() {
    let manifest = format!("install:\n- echo: {{big: {}}}\n", "x".repeat(300_000));
    let home = PorterHome::new().mixin("echo", "exec <&-; head -c 1000000 /dev/zero | tr '\\0' y; echo");
    let run = call(&bundle(&manifest), &home, "install").run().exits(0);
    assert!(run.stderr.contains(&"y".repeat(1_000_000)));
}

#[test]
fn a_step_that_porter_refuses_is_refused_with_its_place() {
    for (step, reason) in [
        ("{other: {}}", "mixin `other` was not declared"),
        ("{echo: {}, more: {}}", "malformed step, possibly incorrect indentation"),
        ("{echo: }", "the step of the mixin `echo` is not a mapping"),
        ("{echo: {description: 1}}", "the description of the step is not a string"),
    ] {
        run(&format!("install: [{step}]\n"), "install").exits(2).says(reason).says("porter.yaml:5:");
    }
}

#[test]
fn a_missing_mixin_is_named_with_the_way_to_get_it() {
    let bundle = bundle("install: [{echo: {}}]\n");
    let run = call(&bundle, &PorterHome::new(), "install").run().exits(1);
    run.says("the mixin echo is missing").says("mixins/echo/runtimes/echo-runtime").says("porter mixin install echo");
    let folder = tempfile::tempdir().expect("a folder");
    Mixin::new("bundle run install").folder(folder.path()).run().exits(2).says("failed to read ./porter.yaml");
}

#[test]
fn what_is_in_the_way_of_the_outputs_is_named() {
    let bundle = bundle("install: [{echo: {}}]\n");
    fs::write(bundle.path().join("porter"), "a file where Porter has a folder").expect("written");
    let run = call(&bundle, &PorterHome::new().mixin("echo", ":"), "install").run().exits(1);
    run.says("failed to make the folder /cnab/app/porter/outputs of the bundle's image: ")
        .says("hint: it is ")
        .says("is something of that name in the bundle?");
}

#[test]
fn the_program_is_its_own_mixin() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "schemaVersion: 1.0.1\nname: self\nmixins: [backstack]\ninstall: [{backstack: {cluter: {}}}]\n";
    fs::write(folder.path().join("porter.yaml"), text).expect("written");
    let run = Mixin::new("bundle run install").folder(folder.path()).env("HOME", "/nowhere").run().exits(2);
    let run = run.says("unknown key `cluter`").says("did you mean `cluster`?");
    assert!(!run.stderr.contains("mixin execution failed"), "the step has said it: {}", run.stderr);
}

#[test]
fn a_signal_is_passed_on_and_the_outputs_are_kept() {
    let bundle = bundle("outputs: [{name: n, type: integer}]\ninstall: [{echo: {}}, {echo: {}}]\n");
    let script = r#"trap 'printf 5 > "$PORTER_HOME/porter/outputs/n"; echo stopped; exit 0' TERM
        echo started; while :; do sleep 0.05; done"#;
    let home = PorterHome::new().mixin("echo", script);
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_backstack"))
            .args(["bundle", "run", "install", "-o", "json"])
            .arg(bundle.path())
            .env("PORTER_HOME", home.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        let mut stderr = child.stderr.take().expect("a pipe");
        let mut said = String::new();
        while !said.contains("started") {
            let mut chunk = [0; 256];
            let count = stderr.read(&mut chunk).expect("read");
            assert!(count > 0, "{said}");
            said.push_str(&String::from_utf8_lossy(&chunk[..count]));
        }
        let start = Instant::now();
        let kill = Command::new("kill").args([format!("-{name}"), child.id().to_string()]).status().expect("kill");
        assert!(kill.success());
        stderr.read_to_string(&mut said).expect("read");
        let output = child.wait_with_output().expect("ended");
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(start.elapsed() < Duration::from_secs(30));
        assert_eq!(said.matches("started").count(), 1, "the second step is not started");
        assert!(said.contains("stopped") && said.contains("install of echo was interrupted"), "{said}");
        let outputs: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(outputs, json!({"n": 5}));
    }
}
