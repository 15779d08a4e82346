//! What people do first, as docs/getting-started.md and docs/first-bead.md have it; `UPDATE=1` writes what a run says there.

use std::process::Command;

use crate::hub::fixture::Hub;
use crate::support::page::Page;
use crate::support::{Mixin, PorterHome, Run};

/// A cluster with nothing on it, an empty repository, and the folder that people are in.
struct Way {
    hub: Hub,
    home: PorterHome,
}

impl Way {
    fn new() -> Self {
        let program = format!("BACKSTACK_PACE=4 exec {} \"$@\"", env!("CARGO_BIN_EXE_backstack"));
        Self { hub: Hub::with_crossplane(), home: PorterHome::new().mixin("backstack", &program) }
    }

    fn page(&self) -> Page {
        let mut page = Page::default();
        page.call(&self.hub.repository.url(), "https://git.example.org/me/hub.git");
        page.call(&self.hub.cluster.kubeconfig().display().to_string(), "/home/me/.kube/config");
        page.call("context testbed", "context hub");
        page.call(&self.hub.folder.path().display().to_string(), "/home/me");
        page
    }

    /// Runs a line as somebody types it, and writes it down.
    fn run(&self, page: &mut Page, line: &str, code: i32) -> Run {
        let meant = line.replace("https://git.example.org/me/hub.git", &self.hub.repository.url());
        let (writer, reader) = (self.hub.repository.writer(), self.hub.repository.reader());
        let mut run = Mixin::new("").folder(self.hub.folder.path()).args(meant.split_whitespace());
        run = run.env("PORTER_HOME", self.home.path()).with_path().env("BACKSTACK_PACE", "4");
        run = run.env("KUBECONFIG", self.hub.cluster.kubeconfig()).env("HOME", self.hub.folder.path());
        for (name, value) in [
            ("GIT_USER", &writer.username),
            ("GIT_TOKEN", &writer.password),
            ("GIT_READER", &reader.username),
            ("GIT_READ_TOKEN", &reader.password),
        ] {
            run = run.env(name, value);
        }
        let run = run.run().exits(code);
        for password in [&writer.password, &reader.password] {
            assert!(!run.stderr.contains(password) && !run.stdout.contains(password), "{line} prints a password");
        }
        page.write_down(&format!("backstack {line}"), &format!("{}{}", run.stderr, run.stdout), code);
        run
    }
}

#[test]
#[ignore = "needs the testbed"]
fn a_hub_and_a_bead_come_from_nothing_and_go_as_the_pages_say() {
    let way = Way::new();
    let mut page = way.page();
    page.tell("## 1. May this cluster become a hub?\n\nNothing is written.");
    way.run(&mut page, "check --pre", 0);

    page.tell("## 2. A bundle of your own\n\nIts `hub.yaml` says what the hub is made of, its `lock.yaml` pins it, its `porter.yaml` runs it.");
    way.run(&mut page, "hub new myhub", 0);
    // Downloads that are there already: the page is no test of the internet.
    let (from, to) = (way.hub.bundle().join("assets"), way.hub.folder.path().join("myhub"));
    assert!(Command::new("cp").arg("-a").args([from, to]).status().expect("cp starts").success());
    way.run(&mut page, "vendor myhub", 0);
    way.run(&mut page, "lint myhub", 0);

    page.tell(
        "## 3. Install\n\n`--save` remembers what was given: parameters by value, credentials by the name of the variable, \
        never a value. Run again after any interruption it goes on where it was.",
    );
    let install = "bundle run install myhub --param repository=https://git.example.org/me/hub.git --cred kubeconfig \
        --cred git-push-username=GIT_USER --cred git-push-password=GIT_TOKEN \
        --cred git-pull-username=GIT_READER --cred git-pull-password=GIT_READ_TOKEN --save";
    way.run(&mut page, install, 0).says("PROOF");
    let commits = way.hub.commits();
    way.run(&mut page, "bundle run install myhub", 0);
    assert_eq!(way.hub.commits(), commits, "nothing was left to do");

    page.tell(
        "## 4. Look\n\nThese ask the cluster of your current kubeconfig, and need neither the bundle nor the address.",
    );
    way.run(&mut page, "status", 0);
    way.run(&mut page, "tree", 0);
    way.run(&mut page, "open", 0);

    bead(&way);

    page.tell(
        "## 5. Take it away again\n\nIn order, and only as far as nothing would be lost that you did not name. The cluster and the repository \
        stay.",
    );
    way.run(&mut page, "bundle run uninstall myhub", 0);
    way.run(&mut page, "status", 1).says("there is no hub on the cluster at");
    page.agrees_with_part_of("docs/getting-started.md");
}

/// On the hub that is there, and off again.
fn bead(way: &Way) {
    let mut page = way.page();
    page.tell("## Write it\n\nA bundle that works, to start from: a Deployment with a parameter.");
    way.run(&mut page, "bead new hello", 0);
    way.run(&mut page, "bead check hello", 0);

    page.tell("## Install it\n\nOne commit; the run ends when Argo CD has it and it is healthy.");
    let install = "bundle run install hello --cred kubeconfig --cred git-push-username=GIT_USER --cred git-push-password=GIT_TOKEN --save";
    way.run(&mut page, install, 0);
    way.run(&mut page, "bead list", 0);

    page.tell("## Change it\n\nWhat is not given is what `--save` has kept, or the default. `--reuse-values` takes what the last run had.");
    way.run(&mut page, "bundle run upgrade hello --param replicas=2", 0);
    let replicas = way.hub.kubectl(&["get", "deployments", "-n", "hello", "-o", "jsonpath={.items[*].spec.replicas}"]);
    assert_eq!(replicas, "2");

    page.tell("## Take it off\n\nIts controllers before their roles, its objects before its namespace, and nothing of others.");
    way.run(&mut page, "bundle run uninstall hello", 0);
    way.run(&mut page, "bead list", 0);
    page.agrees_with_part_of("docs/first-bead.md");
}
