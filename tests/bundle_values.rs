//! `bundle run` with values from files, from the current kubeconfig, and from what is remembered.

mod kept;
mod sets;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::json;
use tempfile::TempDir;

use crate::support::{Mixin, PorterHome, Run, document};

const BUNDLE: &str = "schemaVersion: 1.0.1\nname: tryout\nversion: 1.2.3\nmixins: [echo]\nparameters:\n\
    - {name: replicas, type: integer, default: 1}\n- {name: size, type: string, default: small, enum: [small, large]}\n\
    - {name: tag, type: string, default: none}\n- {name: labels, type: object, default: {}}\n\
    - {name: file, type: file, path: given.txt, default: ''}\n\
    - {name: password, type: string, default: '', sensitive: true}\n\
    credentials:\n- {name: token, env: TOKEN, required: false}\n- {name: kubeconfig, path: /home/nonroot/.kube/config, required: false}\n\
    outputs: [{name: stdin, type: string}, {name: kept, type: string}]\n";
const STEP: &str = "[{echo: {r: \"${ bundle.parameters.replicas }\", s: \"${ bundle.parameters.size }\", t: \"${ bundle.parameters.tag }\", \
    l: '${ bundle.parameters.labels }'}}]";
/// Hands back its stdin, and all that it was given by files and variables, backwards: no mask finds that.
const ECHO: &str = r#"out=$PORTER_HOME/porter/outputs; cat > "$out/stdin"
    { echo "$PASSWORD $TOKEN"; cat given.txt "$HOME/.kube/config"; } 2>/dev/null | rev > "$out/kept""#;

/// A bundle, a folder for files beside it and a home.
struct Tryout {
    folder: TempDir,
    porter: PorterHome,
}

impl Tryout {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(folder.path().join("bundle")).expect("made");
        let it = Self { folder, porter: PorterHome::new().mixin("echo", ECHO) };
        it.bundle("");
        it
    }

    /// The bundle, with something instead of something: `from => to`.
    fn bundle(&self, change: &str) {
        let text = format!(
            "{BUNDLE}install: {STEP}\nupgrade: {STEP}\nstatus: {STEP}\ncustomActions: {{status: {{stateless: true}}}}\n"
        );
        let text = change.split_once(" => ").map_or(text.clone(), |(from, to)| text.replace(from, to));
        self.put("bundle/porter.yaml", &text);
    }

    fn put(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).expect("written");
        path
    }

    fn call(&self, line: &str) -> Mixin {
        let mut words = line.split(' ');
        Mixin::new("bundle run")
            .arg(words.next().expect("an action"))
            .arg(self.folder.path().join("bundle"))
            .arg("-ojson")
            .args(words)
            .folder(self.folder.path())
            .env("PORTER_HOME", self.porter.path())
            .env("HOME", self.folder.path())
            .with_path()
    }

    fn run(&self, line: &str) -> Run {
        self.call(line).run()
    }

    fn remembered(&self) -> PathBuf {
        self.folder.path().join(".config/backstack/installations/tryout.yaml")
    }
}

/// What the step was: `1 small none {}`.
fn step(run: &Run) -> String {
    let sent = run.json()["stdin"].as_str().expect("text").to_owned();
    let value = |key: &str| {
        let line = sent.lines().find_map(|line| line.trim().strip_prefix(&format!("{key}: "))).unwrap_or_default();
        line.trim_matches(['"', '\'']).to_owned()
    };
    format!("{} {} {} {}", value("r"), value("s"), value("t"), value("l"))
}

/// What the mixin was given by files and variables.
fn kept(run: &Run) -> String {
    let text = run.json()["kept"].as_str().expect("text").to_owned();
    text.lines().map(|line| line.chars().rev().collect::<String>() + "\n").collect()
}

#[test]
fn parameters_come_from_files_and_the_command_line_wins() {
    let tryout = Tryout::new();
    tryout.put("one.yaml", "replicas: 3\nsize: large\ntag: 1.10\nlabels: {a: [1, b]}\n");
    tryout.put("two.json", r#"{"replicas": 4, "password": "planted-secret"}"#);
    tryout.put("f.txt", "the file");
    let files = "install --param-file=one.yaml --param-file=two.json";
    let run = tryout.run(files).exits(0);
    assert_eq!(step(&run), "4 large 1.10 {a:[1,b]}".replace("{a:[1,b]}", r#"{"a":[1,"b"]}"#));
    assert!(kept(&run).starts_with("planted-secret "), "{}", run.stdout);
    let run = tryout.run(&format!("{files} --param=replicas=5 --param=file=f.txt")).exits(0);
    assert!(step(&run).starts_with("5 large") && kept(&run).contains("the file"), "{}", run.stdout);
}

#[test]
fn what_a_file_has_wrong_is_told_with_its_place_and_without_values() {
    let tryout = Tryout::new();
    let params = |text: &str| {
        tryout.put("p.yaml", text);
        tryout.run("install --param-file=p.yaml").exits(2)
    };
    let all = params("replicas: many\nsiez: planted-1\nsize: huge\ntag: [planted-2]\n");
    let all = all.says("`replicas` is `many`, expected integer (p.yaml:1:1)").says("`size` is `huge`");
    let all = all
        .says("no parameter `siez` (p.yaml:2:1); did you mean `size`?")
        .says("`tag`: a list or a mapping, expected string (p.yaml:4:1)");
    assert!(!all.stderr.contains("planted"), "{}", all.stderr);
    params("replicas:\n").says("p.yaml:1:9: `replicas` has no value");
    params("- replicas\n").says("p.yaml:1:1: this is no mapping of names");
    let broken = params("password: {planted-3\n").says("the text is neither YAML nor JSON");
    assert!(!broken.stderr.contains("planted"), "{}", broken.stderr);
    tryout.run("install --param-file=nowhere.yaml").exits(2).says("failed to read nowhere.yaml");

    for text in [
        "token: planted-4\n",
        "token: {value: planted-4}\n",
        "token: {env: [planted-4]}\n",
        "token: {env: A, path: planted-4}\n",
    ] {
        tryout.put("c.yaml", text);
        let run = tryout.run("install --cred-file=c.yaml").exits(2);
        let run = run.says("c.yaml:1:8: `token` is not given by reference: write `{env: VARIABLE}` or `{path: FILE}`");
        assert!(!run.stderr.contains("planted"), "{}", run.stderr);
    }
    tryout.put("c.yaml", "token: {path: nowhere}\ntokne: {env: X}\n");
    let run = tryout.call("install --cred-file=c.yaml").env("X", "y").run().exits(2);
    run.says("`token`: nowhere cannot be read as a file")
        .says("no credential `tokne` (c.yaml:2:1); did you mean `token`?");
}

const KUBECONFIG: &str = "apiVersion: v1\nkind: Config\ncurrent-context: dev\n\
    contexts: [{name: dev, context: {cluster: one, user: me}}, {name: prod, context: {cluster: two, user: boss}}]\n\
    clusters: [{name: one, cluster: {server: 'https://one'}}, {name: two, cluster: {server: 'https://two'}}]\n\
    users: [{name: me, user: {token: planted-me}}, {name: boss, user: {token: planted-boss}}]\n";

#[test]
fn the_current_kubeconfig_is_cut_down_to_one_context() {
    let tryout = Tryout::new();
    let config = tryout.put("config", KUBECONFIG);
    let call = |line: &str| tryout.call(line).env("KUBECONFIG", &config).run();
    let run = call("install --cred=kubeconfig").exits(0);
    let run = run.says("gives the bundle the credential kubeconfig: context dev, server https://one\n");
    let given = kept(&run);
    assert!(given.contains("planted-me") && !given.contains("boss") && !given.contains("https://two"), "{given}");
    assert!(!run.stderr.contains("planted"), "{}", run.stderr);
    let prod = call("install --cred=kubeconfig --context=prod").exits(0).says("context prod, server https://two");
    assert!(kept(&prod).contains("planted-boss") && !kept(&prod).contains("planted-me"));

    call("install --cred=kubeconfig --context=prd")
        .exits(2)
        .says("no context `prd`")
        .says("did you mean `prod`? it has: dev, prod");
    call("install --context=prod").exits(2).says("--context has no effect here").says("add --cred kubeconfig");
    call("install --cred=token").exits(2).says("write --cred NAME=ENV|PATH");
    tryout.run("install --cred=kubeconfig").exits(2).says("there is no current kubeconfig");
    fs::create_dir_all(tryout.folder.path().join(".kube")).expect("made");
    tryout.put(".kube/config", KUBECONFIG);
    tryout.run("install --cred=kubeconfig").exits(0).says("context dev");
    tryout.bundle("name: kubeconfig => name: other");
    call("install --cred=kubeconfig").exits(2).says("the bundle has no credential `kubeconfig`");
}

#[test]
fn what_is_given_is_remembered_without_secrets() {
    let tryout = Tryout::new();
    let config = tryout.put("config", KUBECONFIG);
    tryout.put("f.txt", "the file");
    tryout.run("install --param=replicas=3").exits(0);
    assert!(!tryout.remembered().exists(), "nobody asked for it");
    let line = "install --save --param=replicas=3 --param=password=planted-pw --param=file=f.txt --cred=token=MINE --cred=kubeconfig";
    let run = tryout.call(line).env("MINE", "planted-t").env("KUBECONFIG", &config).run().exits(0);
    run.says("remembers what is given in ").says("does not remember what is secret or passes: password");
    let file = tryout.remembered();
    assert!(!fs::read_to_string(&file).expect("there").contains("planted"));
    let mode = |path: &Path| path.metadata().expect("there").permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(file.parent().expect("a folder"))), (0o600, 0o700));
    let here = tryout.folder.path();
    let value = |name: &str, value: &str| json!({"name": name, "source": {"value": value}});
    let saved = document(&file);
    let path = here.join("f.txt").display().to_string();
    assert_eq!(saved["parameters"], json!([{"name": "file", "source": {"path": path}}, value("replicas", "3")]));
    assert_eq!(saved["credentials"], json!([{"name": "token", "source": {"env": "MINE"}}]));
    assert_eq!(saved["kubeconfigs"]["kubeconfig"], json!({"files": config.display().to_string(), "context": "dev"}));
    assert_eq!((&saved["last"]["action"], &saved["last"]["values"]["size"]), (&json!("install"), &json!("small")));

    // A password in an address is a secret wherever it stands.
    tryout.put("p.yaml", "tag: 'https://me:planted-url@host/'\n");
    let again = tryout.call(&format!("{line} --param-file=p.yaml")).env("MINE", "planted-t").env("KUBECONFIG", &config);
    again.run().exits(0).says("does not remember what is secret or passes: password, tag");
    assert!(!fs::read_to_string(&file).expect("there").contains("planted"));

    // Another current context does not lead a later run to another cluster.
    fs::write(&config, KUBECONFIG.replace("current-context: dev", "current-context: prod")).expect("written");
    let run = tryout.call("upgrade --param=size=large").env("MINE", "planted-t").run().exits(0);
    let run = run
        .says(&format!("uses what is remembered of tryout in {}", file.display()))
        .says("context dev, server https://one");
    let run = run.says(
        "against the last run (install) changes: size small → large; not compared, for they are secret: password",
    );
    assert_eq!(step(&run), "3 large none {}");
    assert!(kept(&run).contains(" planted-t\nthe file"), "{}", run.stdout);

    // What is given anew takes the place of what cannot be read any more.
    fs::remove_file(&config).expect("removed");
    let call = |line: &str| tryout.call(line).env("MINE", "planted-t").run();
    call("upgrade")
        .exits(1)
        .says("the credential kubeconfig, as it is remembered: cannot read")
        .says("--cred kubeconfig=FILE");
    let moved = tryout.put("moved", KUBECONFIG);
    call(&format!("upgrade --cred=kubeconfig={}", moved.display())).exits(0).says("context dev");
    fs::remove_file(here.join("f.txt")).expect("removed");
    call("upgrade --cred=kubeconfig=moved").exits(2).says("f.txt cannot be read as a file").says("remembered in ");
}

#[test]
fn an_upgrade_says_what_changes_before_anything_runs() {
    let tryout = Tryout::new();
    let unknown = tryout.run("upgrade").exits(0);
    unknown.says("which values the upgrade changes is not known: nothing is remembered of tryout (--save does)");
    tryout.run("install --save --param=replicas=3").exits(0);
    let run = tryout.run("upgrade --param=replicas=1").exits(0).says("changes: replicas 3 → 1;");
    let (told, began) = (run.stderr.find("replicas 3 → 1"), run.stderr.find("executing upgrade action"));
    assert!(told < began && began.is_some(), "{}", run.stderr);
    // The run was not asked to be remembered, but its values are what is installed now.
    let run = tryout.run("upgrade").exits(0).says("against the last run (upgrade) changes: replicas 1 → 3");
    assert_eq!(step(&run), "3 small none {}");
    tryout.run("upgrade").exits(0).says("no value changes against the last run (upgrade)");
    tryout.run("status --param=replicas=9").exits(0);
    tryout.run("upgrade").exits(0).says("no value changes");
}

#[test]
fn values_of_the_last_run_are_taken_where_that_is_asked_for() {
    let tryout = Tryout::new();
    tryout.run("upgrade --reuse-values").exits(2).says("nothing is remembered of this installation").says("add --save");
    tryout.run("install --save --param=replicas=3").exits(0);
    tryout.run("upgrade --param=replicas=2 --param=labels={\"a\":\"b\"}").exits(0);
    tryout.bundle("default: small => default: large");
    let run = tryout.run("upgrade --reuse-values --param=tag=new").exits(0).says("changes: tag none → new;");
    assert_eq!(step(&run), r#"2 small new {"a":"b"}"#);
    let run = tryout.run("upgrade").exits(0).says("size small → large");
    assert_eq!(step(&run), "3 large none {}", "what was saved, and the defaults of now");
}

#[test]
fn what_is_remembered_is_for_one_installation_of_one_bundle() {
    let tryout = Tryout::new();
    tryout.run("install --save --param=replicas=3 --param=tag=x --name=dev").exits(0);
    let other = tryout.run("install --name=prod").exits(0);
    assert_eq!(step(&other), "1 small none {}");
    tryout.bundle("name: tag, => name: label,");
    tryout.put(
        "bundle/porter.yaml",
        &fs::read_to_string(tryout.folder.path().join("bundle/porter.yaml"))
            .expect("there")
            .replace("parameters.tag", "parameters.label"),
    );
    let run = tryout.run("install --name=dev").exits(0).says("leaves out what the bundle does not have any more: tag");
    assert!(step(&run).starts_with("3 "), "{}", run.stdout);
    tryout.bundle("name: tryout => name: another");
    let run = tryout.run("install --name=dev").exits(3);
    run.says("the installation dev is one of the bundle tryout, not of another; nothing was started").says("--name");
    tryout.bundle("");
    tryout.run("install --save --name=../x").exits(2).says("`../x` is no name for an installation");
    let file = tryout.folder.path().join(".config/backstack/installations/dev.yaml");
    fs::write(&file, "bundle: tryout\nreplicas: 3\n").expect("written");
    tryout.run("install --name=dev").exits(2).says("dev.yaml is not as `--save` writes it");
    let run = tryout.call("install --save").env("HOME", "").run().exits(2);
    run.says("--save has no place to remember anything");
    let elsewhere = tryout.folder.path().join("elsewhere");
    tryout.call("install --save").env("XDG_CONFIG_HOME", &elsewhere).run().exits(0);
    assert!(elsewhere.join("backstack/installations/tryout.yaml").is_file());
}
