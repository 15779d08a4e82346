//! What a run starts is given what it needs of the environment, and no more.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use super::fixture::{PASSWORD, Run, Silent, script};
use crate::signals::{end_of, send};

/// With a password, though of nobody.
const PROXY: &str = "http://me:password-of-a-proxy@127.0.0.1:1";

/// Variables as `env` prints them.
fn variables(text: &str) -> BTreeMap<&str, &str> {
    text.lines().filter_map(|line| line.split_once('=')).collect()
}

/// A git that notes its environment, and has the repository on this machine.
#[test]
fn only_a_call_that_asks_the_repository_is_given_the_password() {
    let (run, place) = (Run::new(), tempfile::tempdir().expect("a folder"));
    let repository = place.path().join("hub.git");
    let make = format!(
        "git init -q -b main {0} && cd {0} && git -c user.name=x -c user.email=x@localhost commit -q --allow-empty -m x",
        repository.display()
    );
    assert!(Command::new("sh").args(["-c", &make]).status().expect("sh starts").success());
    let (programs, notes) = (place.path().join("bin"), place.path().join("notes"));
    fs::create_dir(&programs).and_then(|()| fs::create_dir(&notes)).expect("made");
    let note = format!(
        "#!/bin/sh\nenv >{}/$1\nexec /usr/bin/git -c url.{}.insteadOf=https://git.example.org/hub.git \"$@\"\n",
        notes.display(),
        repository.display()
    );
    script(&programs.join("git"), &note);
    let mut call = run.command("https://git.example.org/hub.git");
    call.env("PATH", format!("{}:/usr/bin:/bin", programs.display())).env("A_TOKEN_OF_OTHERS", "token-of-others");
    call.envs([("all_proxy", PROXY), ("SSH_AUTH_SOCK", "/nowhere")]);
    let output = call.output().expect("the program starts");
    let mut calls = Vec::new();
    for entry in fs::read_dir(&notes).expect("readable").flatten() {
        let (name, text) =
            (entry.file_name().into_string().expect("a name"), fs::read_to_string(entry.path()).expect("text"));
        let given = variables(&text);
        let is_remote = ["fetch", "push", "ls-remote"].contains(&name.as_str());
        assert_eq!(given.get("BACKSTACK_GIT_PASSWORD").copied(), is_remote.then_some(PASSWORD), "git {name}");
        assert_eq!(text.contains(PASSWORD), is_remote, "git {name}");
        assert_eq!(given.get("all_proxy").copied(), is_remote.then_some(PROXY), "git {name}");
        assert_eq!(given.get("SSH_AUTH_SOCK").copied(), is_remote.then_some("/nowhere"), "git {name}");
        assert!(!text.contains("token-of-others") && !text.contains("PRIVATE KEY"), "git {name}: {text}");
        calls.push(name);
    }
    calls.sort();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(calls, ["fetch", "for-each-ref", "init", "ls-tree"], "{said}");
}

/// ssh finds the home of a user by the system's list of users, whatever `HOME` says.
#[test]
fn a_bundle_that_is_played_has_none_of_the_keys_of_who_plays_it() {
    let own = ["-F none", "-o IdentitiesOnly=yes"];
    let without_key = ["-o IdentityAgent=none", "-o IdentityFile=none"];
    for (is_given, is_played) in [(false, true), (true, true), (false, false)] {
        let (run, place) = (Run::new(), tempfile::tempdir().expect("a folder"));
        let note = place.path().join("note");
        script(&place.path().join("ssh"), &format!("#!/bin/sh\necho \"$@\" >>{}\nexit 255\n", note.display()));
        let mut call = run.command("ssh://git@127.0.0.1/hub.git");
        call.env("PATH", format!("{}:/usr/bin:/bin", place.path().display()));
        let step = fs::read_to_string(run.step()).expect("a step");
        let push = "push: {sshPrivateKey: {env: A_KEY}, knownHosts: {env: A_HOST}}";
        let start = step.find(", push: {").expect("a credential");
        let end = start + step[start..].find("}}}").expect("its end") + 2;
        let push = if is_given { format!(", {push}") } else { String::new() };
        fs::write(run.step(), format!("{}{push}{}", &step[..start], &step[end..])).expect("written");
        if !is_played {
            call.env_remove("BACKSTACK_ROOT");
        }
        let output = call.env("A_HOST", "127.0.0.1 ssh-ed25519 AAAA").output().expect("the program starts");
        let said = String::from_utf8_lossy(&output.stderr);
        let noted = fs::read_to_string(&note).unwrap_or_else(|error| panic!("{error}: {said}"));
        assert_eq!(own.iter().all(|option| noted.contains(option)), is_played, "{noted}");
        assert_eq!(without_key.iter().all(|option| noted.contains(option)), is_played && !is_given, "{noted}");
        assert_eq!(noted.contains("-i key.pub"), is_given, "{noted}");
    }
}

/// The agent of the user is for git alone, and a proxy for those who ask servers.
#[test]
fn who_asks_no_server_is_given_no_proxy_and_no_agent() {
    let (run, server, place) = (Run::new(), Silent::new(), tempfile::tempdir().expect("a folder"));
    for name in ["ssh-agent", "ssh-add"] {
        let note = place.path().join(name).with_extension("env");
        script(
            &place.path().join(name),
            &format!("#!/bin/sh\nenv >'{}'\nexec /usr/bin/{name} \"$@\"\n", note.display()),
        );
    }
    let mut call = run.command(&format!("ssh://git@127.0.0.1:{}/hub.git", server.port()));
    call.env("PATH", format!("{}:/usr/bin:/bin", place.path().display()));
    call.envs(["all_proxy", "ALL_PROXY"].map(|name| (name, PROXY)));
    let mut child = call.env("SSH_AUTH_SOCK", "/nowhere").spawn().expect("the program starts");
    let _connection = server.asked();
    send("TERM", &child);
    end_of(&mut child);
    for (name, agent) in [("ssh-agent", None), ("ssh-add", Some("agent"))] {
        let text = fs::read_to_string(place.path().join(name).with_extension("env")).expect("it was called");
        let given = variables(&text);
        assert!(!text.contains(PROXY), "{name}: {text}");
        assert_eq!(given.get("SSH_AUTH_SOCK").copied(), agent, "{name}: {text}");
    }
}

/// With all that its cloud may want, what its kubeconfig sets, and nothing that the step names.
#[test]
fn a_login_program_is_not_given_the_secrets_of_the_step() {
    let run = Run::new();
    let note = run.temporary.path().join("note");
    let login = "env >\"$NOTE\"; echo '{\"apiVersion\": \"client.authentication.k8s.io/v1\", \"kind\": \"ExecCredential\", \
                 \"status\": {\"token\": \"token-of-login\"}}'";
    let user = format!(
        "user: {{exec: {{apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: sh, args: [-c, '{}'], \
         env: [{{name: NOTE, value: {}}}, {{name: A_USER, value: of-the-kubeconfig}}]}}}}",
        login.replace('\'', "''"),
        serde_json::json!(note)
    );
    let kubeconfig = fs::read_to_string(run.kubeconfig()).expect("a kubeconfig").replace("user: {}", &user);
    fs::write(run.kubeconfig(), kubeconfig).expect("written");
    let mut call = run.command("https://127.0.0.1:1/hub.git");
    let output = call.env("AWS_PROFILE", "of-a-cloud").env("HOME", "/nowhere").output().expect("the program starts");
    let said = String::from_utf8_lossy(&output.stderr);
    let text = fs::read_to_string(&note).unwrap_or_else(|error| panic!("{error}: {said}"));
    let given = variables(&text);
    for (name, value) in [("AWS_PROFILE", "of-a-cloud"), ("HOME", "/nowhere"), ("A_USER", "of-the-kubeconfig")] {
        assert_eq!(given.get(name), Some(&value), "{text}");
    }
    assert!(given["KUBERNETES_EXEC_INFO"].contains("ExecCredential"));
    assert!(!text.contains(PASSWORD) && !text.contains("PRIVATE KEY"), "{text}");
    assert!(said.contains("cluster"), "it has logged in: {said}");
}

/// Who misses something is told what it was not given.
#[test]
fn a_login_that_fails_tells_what_was_not_given() {
    let run = Run::new();
    let user = "user: {exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: sh, args: [-c, 'echo no token >&2; exit 3']}}";
    let kubeconfig = fs::read_to_string(run.kubeconfig()).expect("a kubeconfig").replace("user: {}", user);
    fs::write(run.kubeconfig(), kubeconfig).expect("written");
    let output = run.command("https://127.0.0.1:1/hub.git").output().expect("the program starts");
    let said = String::from_utf8_lossy(&output.stderr);
    let expected = "the login program `sh` ended with exit status: 3: no token (it is not given A_HOST, A_KEY, A_PASSWORD, A_USER, which the \
                    step names as its secrets)";
    assert!(said.contains(expected), "{said}");
}
