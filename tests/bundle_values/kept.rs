//! What is kept of a run, for which later ones, and what is not.

use std::fs;

use super::*;

/// A bundle of which nothing but the head is as above.
fn with_steps(tryout: &Tryout, change: (&str, &str), steps: &str) {
    let head = BUNDLE.replace("[echo]", "[echo, backstack]").replace(change.0, change.1);
    tryout.put("bundle/porter.yaml", &format!("{head}{steps}"));
}

#[test]
fn no_address_of_a_value_is_kept_with_its_login() {
    let tryout = Tryout::new();
    tryout.put("p.yaml", "# as in https://docs.example/\ntag: 'https://me:planted-1@host/'\n");
    tryout.put("set.yaml", "name: mine\nparameters: [{name: tag, source: {env: TAG}}]\n");
    let two = "https://a:planted-2@one/,https://b:planted-3@two/";
    for given in ["--param-file=p.yaml".to_owned(), format!("--param=tag={two}"), "--param-file=set.yaml".to_owned()] {
        let run = tryout.call(&format!("install --save {given}")).env("TAG", two).run().exits(0);
        let kept = fs::read_to_string(tryout.remembered()).expect("there");
        assert!(!kept.contains("planted") && !run.stdout.contains("planted"), "{kept}{}", run.stdout);
        fs::remove_file(tryout.remembered()).expect("removed");
    }
}

#[test]
fn a_file_is_no_current_kubeconfig_because_of_its_name() {
    let tryout = Tryout::new();
    tryout.put("dev-kubeconfig", KUBECONFIG);
    let call = tryout.call("install --cred=kubeconfig=./dev-kubeconfig").env("KUBECONFIG", "/nowhere");
    call.run().exits(0).says("context dev, server https://one");
}

#[test]
fn a_default_of_the_bundle_does_not_become_a_file_that_was_given() {
    let mut tryout = Tryout::new();
    tryout.porter = PorterHome::new().mixin("echo", ECHO).mixin("backstack", "cat > /dev/null");
    let steps = format!(
        "install: {STEP}\nupgrade: [{{backstack: {{cluster: {{existing: {{kubeconfig: '${{ bundle.parameters.tag }}'}}}}}}}}]\nuninstall: {STEP}\n"
    );
    with_steps(&tryout, ("default: none", "default: /etc/hostname"), &steps);
    tryout.run("install --save").exits(0);
    for line in ["upgrade --reuse-values", "upgrade --reuse-values --save", "upgrade"] {
        tryout.run(line).exits(2).says("the step names files of this machine").says("/etc/hostname");
    }
    // What is given is no reason to refuse the step; this mixin hands nothing back.
    tryout.run("upgrade --param=tag=/etc/hostname").exits(1).says("required output stdin is missing");
}

#[test]
fn what_is_remembered_is_for_the_folder_that_it_was_given_to() {
    let tryout = Tryout::new();
    tryout.run("install --save --cred=token=MINE --param=replicas=3").exits(2).says("MINE");
    let call = |line: &str| tryout.call(line).env("MINE", "planted-t");
    call("install --save --cred=token=MINE --param=replicas=3").run().exits(0);
    let strangers = tryout.folder.path().join("strangers");
    fs::rename(tryout.folder.path().join("bundle"), &strangers).expect("moved");
    fs::create_dir(tryout.folder.path().join("bundle")).expect("made");
    tryout.bundle("");
    let there = |more: &str| {
        let mut words = vec!["status", "../strangers", "-ojson"];
        words.extend(more.split_whitespace());
        let call = Mixin::new("bundle run").args(words).folder(&tryout.folder.path().join("bundle"));
        let call = call.env("PORTER_HOME", tryout.porter.path()).env("HOME", tryout.folder.path());
        call.with_path().env("MINE", "planted-t").run()
    };
    let run = there("").exits(3).says("was given to the bundle in").says("nothing was started").says("add --save");
    assert!(run.stdout.is_empty(), "{}", run.stdout);
    assert!(kept(&call("status").run().exits(0)).contains("planted-t"));
    assert!(kept(&there("--save").exits(0)).contains("planted-t"));
    call("status").run().exits(3).says("/strangers, not to the one in ");
}

#[test]
fn a_home_that_cannot_be_read_is_no_reason_to_refuse_a_run() {
    let tryout = Tryout::new();
    tryout.put(".config", "a file");
    let run = tryout.run("upgrade --param=replicas=2").exits(0);
    run.says("goes on without what may be remembered: failed to read ").says("is not known");
    tryout.run("install --name=a/b").exits(0).says("`a/b` is no name for an installation");
    for line in ["install --save", "install --reuse-values"] {
        tryout.run(line).exits(2).says("failed to read ");
    }
}

#[test]
fn a_run_that_failed_is_not_the_last_one() {
    let mut tryout = Tryout::new();
    tryout.porter = PorterHome::new().mixin("echo", &format!("{ECHO}\ntest \"$REPLICAS\" != 13"));
    tryout.run("install --save --param=replicas=13").exits(1).says("remembers what is given");
    tryout.run("upgrade --reuse-values").exits(2).says("no run of this installation that ended well is remembered");
    tryout.run("upgrade --param=replicas=3").exits(0).says("which values the upgrade changes is not known");
    tryout.run("upgrade --param=replicas=13").exits(1).says("replicas 3 → 13");
    let run = tryout.run("upgrade --reuse-values").exits(0).says("no value changes against the last run (upgrade)");
    assert!(step(&run).starts_with("3 "), "{}", run.stdout);
}

#[test]
fn an_older_value_is_not_reused_for_one_that_is_secret() {
    let tryout = Tryout::new();
    tryout.run("install --save").exits(0);
    tryout.run("upgrade --param=tag=old --param=size=large").exits(0);
    tryout.run("upgrade --reuse-values --param=tag=https://me:planted-1@host/").exits(0);
    let run = tryout.run("upgrade --reuse-values").exits(0).says("does not reuse what is secret: tag, password\n");
    assert_eq!(step(&run), "1 large none {}");
    tryout.bundle("name: size, => name: size, sensitive: true,");
    let run = tryout.run("upgrade --reuse-values").exits(0).says("does not reuse what is secret: size, password\n");
    assert!(step(&run).starts_with("1 *"), "{}", run.stdout);
    assert!(!fs::read_to_string(tryout.remembered()).expect("there").contains("large"));
}

#[test]
fn what_a_variable_or_a_file_holds_is_not_shown_beside_a_mistake() {
    let tryout = Tryout::new();
    tryout.put("s.txt", "planted-2");
    tryout.put("l.json", "planted-3");
    tryout.put(
        "set.yaml",
        "name: mine\nparameters:\n- {name: replicas, source: {env: DB_PASSWORD}}\n- {name: size, source: {path: s.txt}}\n",
    );
    let call = tryout.call("install --param-file=set.yaml --param=labels=@l.json").env("DB_PASSWORD", "planted-1");
    let run =
        call.run().exits(2).says("`replicas` is what the variable DB_PASSWORD holds, expected integer (set.yaml:");
    let run = run.says("`size` is what is in s.txt, which is none of: small, large");
    let run = run.says("`labels` is what is in l.json, expected object");
    assert!(!run.stderr.contains("planted"), "{}", run.stderr);
}
