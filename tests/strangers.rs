//! A bundle of a stranger gets at nothing of this machine: what `bundle run` refuses, and what it hands over.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use tempfile::TempDir;

use crate::support::{Mixin, PorterHome, Run};

const HEAD: &str =
    "schemaVersion: 1.0.1\nname: t\nversion: 0.1.0\nregistry: r.example.org\nmixins: [echo]\nuninstall: []\n";

fn bundle(manifest: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("porter.yaml"), format!("{HEAD}{manifest}")).expect("written");
    folder
}

/// A run with a mixin that says that it was started.
fn run(folder: &Path, script: &str, words: &[&str]) -> Run {
    let home = PorterHome::new().mixin("echo", &format!("echo here I am; {script}"));
    let call = Mixin::new("bundle run install").arg(folder).env("PORTER_HOME", home.path());
    call.with_path().args(words.iter().copied()).run()
}

#[test]
fn names_and_paths_that_lead_out_are_refused_at_their_place() {
    let steps = "install:\n- echo: {}\n";
    for (declared, place, said) in [
        ("parameters:\n- {name: p, default: x, path: /../../tmp/x}\n", "8:31", "`/../../tmp/x` is no path of a file"),
        ("parameters:\n- {name: p, default: x, path: ../x}\n", "8:31", "without `..`"),
        ("parameters:\n- {name: p, default: x, path: /}\n", "8:31", "is no path of a file"),
        ("credentials:\n- {name: c, required: false, path: a/../../x}\n", "8:36", "is no path of a file"),
        ("outputs:\n- {name: o, default: x, path: ../../../../etc/passwd}\n", "8:31", "is no path of a file"),
        ("outputs:\n- {name: ../o, default: x}\n", "8:10", "`../o` is no name for an output"),
        ("outputs:\n- {name: /etc/o, default: x}\n", "8:10", "without `/`"),
        ("parameters:\n- {name: p, default: x, env: PATH}\n", "8:30", "`PATH` belongs to the runtime"),
        ("parameters:\n- {name: home, default: x}\n", "8:10", "`HOME` belongs to the runtime"),
        ("parameters:\n- {name: p, default: x, env: LD_PRELOAD}\n", "8:30", "`LD_PRELOAD` belongs to the runtime"),
        (
            "parameters:\n- {name: p, default: x, env: SSH_AUTH_SOCK}\n",
            "8:30",
            "`SSH_AUTH_SOCK` belongs to the runtime",
        ),
        ("parameters:\n- {name: porter-home, default: x}\n", "8:10", "`PORTER_HOME` belongs to the runtime"),
        ("credentials:\n- {name: c, required: false, env: BACKSTACK_GIVEN}\n", "8:35", "another name"),
        ("credentials:\n- {name: c, required: false, env: BACKSTACK_ROOT}\n", "8:35", "another name"),
        ("credentials:\n- {name: c, required: false}\n", "8:3", "`c` has neither `env` nor `path`"),
        ("parameters:\n- {name: f, type: file, default: eA==}\n", "8:3", "`f` is a file and has no `path`"),
        ("parameters:\n- {name: p, default: x, env: A=B}\n", "8:30", "`A=B` is no name of a variable"),
    ] {
        let folder = bundle(&format!("{declared}{steps}"));
        let place = format!("porter.yaml:{place}");
        let run = run(folder.path(), "", &["--outputs-dir=out"]).exits(2).says(said).says(&place);
        assert!(!run.stderr.contains("here I am"), "{}", run.stderr);
        let lint = Mixin::new("lint").arg(folder.path()).run().exits(2);
        assert!(lint.stdout.contains(said) && lint.stdout.contains(&place), "{}{}", lint.stdout, lint.stderr);
    }
    let folder = bundle(steps);
    let text =
        fs::read_to_string(folder.path().join("porter.yaml")).expect("read").replace("[echo]", "[../../x, echo]");
    fs::write(folder.path().join("porter.yaml"), text).expect("written");
    run(folder.path(), "", &[]).exits(2).says("`../../x` is no name for a mixin").says("porter.yaml:5:10");
}

#[test]
fn names_that_only_look_like_the_runtimes_are_the_bundles() {
    let names = ["porter-version", "ld-flags", "cnab-thing", "ssh-key"];
    let declared: Vec<String> = names.iter().map(|name| format!("- {{name: {name}, default: x}}\n")).collect();
    let folder = bundle(&format!("parameters:\n{}install:\n- echo: {{}}\n", declared.concat()));
    let script = "echo $PORTER_VERSION$LD_FLAGS$CNAB_THING$SSH_KEY";
    run(folder.path(), script, &[]).exits(0).says("xxxx");
    let lint = Mixin::new("lint").arg(folder.path()).run();
    assert!(!lint.stdout.contains("backstack-127"), "{}", lint.stdout);
}

#[test]
fn paths_over_links_out_of_the_bundle_are_refused() {
    let outside = tempfile::tempdir().expect("a folder");
    fs::write(outside.path().join("key"), "s3cret").expect("written");
    let folder = bundle("outputs:\n- {name: o, path: data/key}\ninstall:\n- echo: {}\n");
    symlink(outside.path(), folder.path().join("data")).expect("linked");
    let run_1 = run(folder.path(), "", &[]).exits(2).says("lead over links out of its folder").says("data -> ");
    assert!(!run_1.stderr.contains("here I am") && !run_1.stderr.contains("s3cret"), "{}", run_1.stderr);
    let lint = Mixin::new("lint").arg(folder.path()).run().exits(2);
    assert!(lint.stdout.contains("the link data leads out of the bundle"), "{}", lint.stdout);
    let sarif = Mixin::new("lint . -o sarif").folder(folder.path()).run().exits(2).json();
    let file = sarif.pointer("/runs/0/results/0/locations/0/physicalLocation/artifactLocation/uri");
    assert_eq!(file.and_then(|it| it.as_str()), Some("porter.yaml"), "a forge takes none without: {sarif}");

    fs::remove_file(folder.path().join("data")).expect("removed");
    fs::create_dir(folder.path().join("here")).expect("made");
    fs::write(folder.path().join("here/key"), "mine").expect("written");
    symlink("here/key", folder.path().join("near")).expect("linked");
    symlink("/cnab/app/here", folder.path().join("image")).expect("linked");
    let script = "cat near image/key; mkdir data; echo out > data/key";
    run(folder.path(), script, &[]).exits(0).says("minemine");
}

#[test]
fn a_link_out_of_the_bundle_that_nobody_names_is_left_out_and_told() {
    let folder = bundle("install:\n- echo: {}\n");
    symlink("/nowhere/python", folder.path().join("result")).expect("linked");
    let script = "ls; test ! -h result";
    let run_1 = run(folder.path(), script, &[]).exits(0);
    run_1.says("leaves out the link result -> /nowhere/python, which leads out of the bundle\n");
    let lint = Mixin::new("lint").arg(folder.path()).run();
    assert!(!lint.stdout.contains("result"), "{}", lint.stdout);
    for index in 0..12 {
        symlink("/nowhere/x", folder.path().join(format!("link-{index:02}"))).expect("linked");
    }
    let run_2 = run(folder.path(), script, &[]).exits(0).says("leaves out 3 more such links\n");
    assert_eq!(run_2.stderr.matches("leaves out the link").count(), 10, "{}", run_2.stderr);
}

#[test]
fn a_step_that_names_a_file_over_a_link_out_is_refused() {
    let outside = tempfile::tempdir().expect("a folder");
    for file in ["data/config", "/cnab/app/data/config"] {
        let folder = bundle(&format!("install:\n- backstack: {{cluster: {{existing: {{kubeconfig: {file}}}}}}}\n"));
        of_this_mixin(folder.path());
        symlink(outside.path(), folder.path().join("data")).expect("linked");
        run(folder.path(), "", &[]).exits(2).says("the step names files of this machine").says("data/config");
        let lint = Mixin::new("lint").arg(folder.path()).run().exits(2);
        assert!(lint.stdout.contains("the link data leads out of the bundle"), "{}", lint.stdout);
    }
}

/// The mixin of the bundle is this program.
fn of_this_mixin(folder: &Path) {
    let path = folder.join("porter.yaml");
    let text = fs::read_to_string(&path).expect("read").replace("[echo]", "[backstack]");
    fs::write(path, text).expect("written");
}

/// A kubeconfig of this user, for a server that nobody is at.
fn kubeconfig(cluster: &str, user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{{name: c, cluster: {{server: 'https://127.0.0.1:1', \
         {cluster}}}}}]\ncontexts: [{{name: c, context: {{cluster: c, user: u}}}}]\nusers:\n- name: u\n  user: {user}\n"
    )
}

#[test]
fn a_kubeconfig_of_the_bundle_reaches_for_nothing_of_this_machine() {
    let outside = tempfile::tempdir().expect("a folder");
    let theirs = outside.path().join("token");
    fs::write(&theirs, "s3cret-of-this-machine").expect("written");
    let theirs = theirs.display();
    let named = "install:\n- backstack: {cluster: {existing: {kubeconfig: kc.yaml}}, timeout: 2s}\n";
    let by_variable = "parameters: [{name: k, env: KUBECONFIG, default: kc.yaml}]\n\
                       install:\n- backstack: {cluster: {existing: {}}, timeout: 2s}\n";
    let ca = "insecure-skip-tls-verify: true";
    for (manifest, cluster, user, said) in [
        (named, ca, format!("{{tokenFile: {theirs}}}"), format!("user u: tokenFile: {theirs}")),
        (by_variable, ca, format!("{{tokenFile: {theirs}}}"), format!("user u: tokenFile: {theirs}")),
        (named, ca, "{tokenFile: ../../../etc/hostname}".to_owned(), "user u: tokenFile: ".to_owned()),
        (
            named,
            ca,
            format!("{{client-key: {theirs}, client-certificate: in}}"),
            format!("user u: client-key: {theirs}"),
        ),
        (named, ca, "{client-certificate: /x/y, client-key: in}".to_owned(), "client-certificate: /x/y".to_owned()),
        (named, "certificate-authority: /x/ca", "{}".to_owned(), "cluster c: certificate-authority: /x/ca".to_owned()),
        (named, ca, "{exec: {command: touch, args: [ran]}}".to_owned(), "user u: exec".to_owned()),
        (named, ca, "{auth-provider: {name: gcp, config: {cmd-path: touch}}}".to_owned(), "auth-provider".to_owned()),
    ] {
        let folder = bundle(manifest);
        of_this_mixin(folder.path());
        fs::write(folder.path().join("kc.yaml"), kubeconfig(cluster, &user)).expect("written");
        fs::write(folder.path().join("in"), "").expect("written");
        let run = run(folder.path(), "", &[]).exits(2).says("is the bundle's own, and reaches for").says(&said);
        assert!(!run.stderr.contains("s3cret"), "{}", run.stderr);
    }
}

#[test]
fn a_kubeconfig_of_the_bundle_may_name_its_own_files_and_one_that_is_given_any() {
    let outside = tempfile::tempdir().expect("a folder");
    let token = outside.path().join("token");
    fs::write(&token, "s3cret-of-this-machine").expect("written");
    let ca = "insecure-skip-tls-verify: true";
    let folder = bundle("install:\n- backstack: {cluster: {existing: {kubeconfig: kc.yaml}}, timeout: 2s}\n");
    of_this_mixin(folder.path());
    fs::write(folder.path().join("kc.yaml"), kubeconfig(ca, "{tokenFile: token}")).expect("written");
    fs::write(folder.path().join("token"), "s3cret-of-the-bundle\n").expect("written");
    run(folder.path(), "", &[]).says("127.0.0.1:1").exits(1);

    let folder = bundle(
        "credentials:\n- {name: kube, path: /home/nonroot/.kube/config}\n\
         parameters: [{name: p, type: string, path: /home/nonroot/.kube/config, default: x}]\n\
         install:\n- backstack: {cluster: {existing: {}}, timeout: 2s}\n",
    );
    of_this_mixin(folder.path());
    let given = outside.path().join("config");
    fs::write(&given, kubeconfig(ca, &format!("{{tokenFile: {}}}", token.display()))).expect("written");
    run(folder.path(), "", &[&format!("--cred=kube={}", given.display())]).says("127.0.0.1:1").exits(1);
}

#[test]
fn a_bundle_that_is_played_in_a_pod_has_no_service_account() {
    let folder = bundle(
        "parameters:\n- {name: kubernetes-service-host, default: 127.0.0.1}\n- {name: kubernetes-service-port, default: '1'}\n\
         install:\n- backstack: {cluster: {existing: {}}, timeout: 2s}\n",
    );
    of_this_mixin(folder.path());
    run(folder.path(), "", &[])
        .exits(1)
        .says("a bundle that is played has no service account")
        .says("--cred NAME=PATH");
}

#[test]
fn a_file_that_a_mixin_links_out_is_not_read() {
    let outside = tempfile::tempdir().expect("a folder");
    let key = outside.path().join("key");
    fs::write(&key, "s3cret").expect("written");
    let folder = bundle("outputs:\n- {name: o, path: data/key, type: string}\ninstall:\n- echo: {}\n");
    let run = run(folder.path(), &format!("ln -s {} data", outside.path().display()), &["-ojson"]).exits(1);
    let run = run.says("output o: failed to read data/key of the bundle's image: it leads over a link");
    assert!(!run.stdout.contains("s3cret") && !run.stderr.contains("s3cret"), "{}{}", run.stdout, run.stderr);
}

#[test]
fn what_the_bundle_puts_in_the_place_of_a_mixin_is_not_run() {
    let folder = bundle("install:\n- echo: {}\n");
    let own = folder.path().join("mixins/echo/runtimes/echo-runtime");
    fs::create_dir_all(own.parent().expect("a folder")).expect("made");
    fs::write(&own, "#!/bin/sh\necho the bundle itself\n").expect("written");
    fs::set_permissions(&own, fs::Permissions::from_mode(0o755)).expect("set");
    let run = run(folder.path(), "", &[]).exits(0).says("here I am");
    assert!(!run.stderr.contains("the bundle itself"), "{}", run.stderr);
}

#[test]
fn nothing_of_the_environment_reaches_the_bundle() {
    let folder = bundle("credentials:\n- {name: c, env: MINE, required: false}\ninstall:\n- echo: {}\n");
    let home = PorterHome::new().mixin("echo", "env | cut -d= -f1 | sort | tr '\\n' ' '");
    let planted =
        ["KUBECONFIG", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "SSH_AUTH_SOCK", "MINE", "PORTER_X", "TMPDIR"];
    let call = Mixin::new("bundle run install").arg(folder.path()).env("PORTER_HOME", home.path());
    let call = planted.iter().fold(call, |call, name| call.env(name, "/tmp"));
    let run = call.with_path().run().exits(0).says(" HOME PATH PORTER_");
    let reached: Vec<&str> = planted.into_iter().filter(|name| run.stderr.contains(name)).collect();
    assert!(reached.is_empty(), "{reached:?}: {}", run.stderr);
}

#[test]
fn a_step_of_this_mixin_reads_files_of_the_bundle_only() {
    let outside = tempfile::tempdir().expect("a folder");
    let theirs = outside.path().join("config");
    fs::write(&theirs, "s3cret: [").expect("written");
    let mine = theirs.display();
    for (declared, step, said) in [
        (String::new(), format!("cluster: {{existing: {{kubeconfig: {mine}}}}}"), format!("kubeconfig: {mine}")),
        (
            String::new(),
            "cluster: {existing: {kubeconfig: ../../../x}}".to_owned(),
            "kubeconfig: ../../../x".to_owned(),
        ),
        (
            String::new(),
            format!("hub: {{repository: {{url: https://x.example/r, push: {{password: {{file: {mine}}}}}}}}}"),
            format!("file: {mine}"),
        ),
        (
            format!("parameters: [{{name: k, env: KUBECONFIG, default: {mine}}}]\n"),
            "cluster: {existing: {}}".to_owned(),
            format!("KUBECONFIG: {mine}"),
        ),
    ] {
        let folder = bundle(&format!("{declared}install:\n- backstack: {{{step}}}\n"));
        of_this_mixin(folder.path());
        let run = run(folder.path(), "", &[]).exits(2).says("the step names files of this machine").says(&said);
        assert!(!run.stderr.contains("s3cret"), "{}", run.stderr);
    }
}

#[test]
fn what_is_given_is_said_before_anything_runs() {
    let folder = bundle(
        "credentials:\n- {name: kube, path: /home/nonroot/.kube/config}\n- {name: token, env: T}\n\
                         install:\n- echo: {}\n",
    );
    let kubeconfig = folder.path().join("kube");
    let text = "current-context: far\ncontexts: [{name: far, context: {cluster: c, user: u}}]\n\
                clusters: [{name: c, cluster: {server: 'https://far.example:6443'}}]\nusers: []\n";
    fs::write(&kubeconfig, text).expect("written");
    let words = [&format!("--cred=kube={}", kubeconfig.display()), "--cred=token=PATH"];
    let run = run(folder.path(), "", &words).exits(0);
    let said = run.stderr.find("gives the bundle the credential kube: context far, server https://far.example:6443\n");
    assert!(said.is_some_and(|at| at < run.stderr.find("here I am").expect("started")), "{}", run.stderr);
    run.says("gives the bundle the credential token\n");
}
