//! The whole way by the shipped bundle, played as porter-runtime would: a module makes the cluster, a hub comes on it, a bead
//! on the hub; what is ordered there blocks every removal, and when it is gone everything goes. `UPDATE=1` writes what a run
//! says to docs/from-nothing.md.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use backstack_testbed::Repository;
use serde_json::json;
use tempfile::TempDir;

use super::carried::carry_into;
use super::fixture::{TOKEN, end, testbed};
use crate::bead::fixture::{TEXT, definition};
use crate::hub::fixture::{TESTBED, copy_bundle, eventually};
use crate::support::page::Page;
use crate::support::{Mixin, PorterHome, Run, data, text};

const PAGE: &str = "docs/from-nothing.md";
const NAME: &str = "whole-way";
const SHEET: &str =
    "apiVersion: paper.example.org/v1\nkind: Sheet\nmetadata: {name: first, namespace: default}\nspec: {text: hello}\n";

/// A folder with both bundles, and what was said in it.
struct Way {
    folder: TempDir,
    repository: Repository,
    page: Page,
}

impl Way {
    fn new() -> Self {
        let repository = TESTBED.repository().expect("a repository");
        let mut way = Self { folder: tempfile::tempdir().expect("a folder"), repository, page: Page::default() };
        way.page.call(&way.repository.url(), "https://git.example.org/me/hub.git");
        way.page.call(&way.folder.path().display().to_string(), ".");
        way.page.call(&testbed().display().to_string(), "testbed");
        way.page.call(&TESTBED.description().dir.display().to_string(), "/cloud");
        way.lay_out_hub();
        way.lay_out_bead();
        way
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn edit(&self, file: &str, edit: impl FnOnce(String) -> String) {
        let path = self.at(file);
        let text = fs::read_to_string(&path).unwrap_or_default();
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, edit(text)).expect("written");
    }

    /// The shipped bundle, with the module of the tests in it and what that needs.
    fn lay_out_hub(&self) {
        copy_bundle("hubs/existing", &["lock.yaml"], &self.at("hub"));
        for file in ["porter.yaml", "hub.yaml"] {
            fs::copy(data(&format!("bundles/hubs/opentofu/{file}")), self.at("hub").join(file)).expect("copied");
        }
        carry_into(&self.at("hub"));
        self.edit("hub/cluster/main.tf", |_| text("tests/data/opentofu/cluster/main.tf"));
        // What the shipped steps do not give: where the cloud is, and a cluster on which pods run.
        let cloud = json!({"program": testbed(), "dir": TESTBED.description().dir});
        self.edit("hub/cluster/cloud.auto.tfvars.json", |_| json!({"testbed": cloud, "whole": true}).to_string());
    }

    fn lay_out_bead(&self) {
        Mixin::new("bead new paper").folder(self.folder.path()).run().exits(0);
        self.edit("paper/bead.yaml", |bead| {
            let api = "  crossplane: {definitions: apis, apis: [{group: paper.example.org, kind: Sheet, plural: sheets}]}\n";
            let permission = "[{group: apiextensions.crossplane.io, kind: CompositeResourceDefinition, name: '*.paper.example.org'}]";
            bead.replace("  permissions:\n", &format!("{api}  permissions:\n"))
                .replace("clusterResources: []", &format!("clusterResources: {permission}"))
        });
        self.edit("paper/apis/sheets.yaml", |_| definition("Sheet", "sheets", "paper.example.org", "Namespaced", TEXT));
    }

    /// Plays a bundle, and writes down what it says.
    fn play(&mut self, line: &str, code: i32) -> Run {
        // It looks at git and Argo CD more often than a release does.
        let program = format!("BACKSTACK_PACE=4 exec {} \"$@\"", env!("CARGO_BIN_EXE_backstack"));
        let home = PorterHome::new().mixin("backstack", &program);
        let mut words = line.split_whitespace();
        let mut run = Mixin::new("bundle run").folder(self.folder.path());
        while let Some(word) = words.next() {
            run = match (word, words.clone().next()) {
                ("--param", Some("repository=https://git.example.org/me/hub.git")) => {
                    words.next();
                    run.arg(word).arg(format!("repository={}", self.repository.url()))
                }
                _ => run.arg(word),
            };
        }
        let (writer, reader) = (self.repository.writer(), self.repository.reader());
        let run = run.env("PORTER_HOME", home.path()).with_path();
        let run = run.env("GIT_USER", &writer.username).env("GIT_TOKEN", &writer.password);
        let run = run.env("READ_USER", &reader.username).env("READ_TOKEN", &reader.password).run().exits(code);
        self.page.write_down(&format!("backstack bundle run {line}"), &run.stderr, code);
        run
    }

    fn kubectl(&self, args: &[&str]) -> String {
        let kubeconfig = self.at("outputs/kubeconfig");
        let output =
            Command::new(TESTBED.bin().join("kubectl")).arg("--kubeconfig").arg(kubeconfig).args(args).output();
        let output = output.expect("kubectl starts");
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        end(NAME); // also where the test has failed
    }
}

const HEAD: &str = "\
# From nothing, and back

What a run has said, on real servers: the bundle [hubs/opentofu](../bundles/hubs/opentofu/README.md) with a module whose cluster is one
of the testbed, a bead from `backstack bead new` that offers an API, and an order of it. Lines of waits are left out, and
identities and addresses replaced. `UPDATE=1 cargo test whole_way -- --ignored` writes this page.";

const HUB: &str = "--state state --param cluster-name=whole-way --param repository=https://git.example.org/me/hub.git --param timeout=5m";

#[test]
#[ignore = "needs the testbed"]
fn a_hub_comes_from_nothing_and_goes_when_nothing_is_lost_with_it() {
    let mut way = Way::new();
    way.page.tell(HEAD);
    way.page.tell("## The cluster, and the hub on it");
    let login = "--cred git-push-username=GIT_USER --cred git-push-password=GIT_TOKEN";
    let reads = "--cred git-pull-username=READ_USER --cred git-pull-password=READ_TOKEN";
    let made = way.play(&format!("install hub {HUB} {login} {reads} --outputs-dir outputs"), 0);
    let made = made.says("create  terraform_data.cluster").says("has made the cluster").says("Argo CD heals drift");
    let kubeconfig = fs::read_to_string(way.at("outputs/kubeconfig")).expect("an output");
    let secret =
        kubeconfig.split_once("client-key-data").expect("a key").1.chars().skip(4).take(40).collect::<String>();
    assert!(!made.stderr.contains(&secret) && !made.stderr.contains(TOKEN), "{}", made.stderr);

    way.page.tell("## A bead, by the kubeconfig that the hub's installation has put out");
    let bead = "--cred kubeconfig=outputs/kubeconfig --param accept-privileges=true --param timeout=5m";
    way.play(&format!("install paper {bead} {login}"), 0).says("4 Applications at");

    way.page.tell("## An order, which blocks every removal");
    fs::write(way.at("sheet.yaml"), SHEET).expect("written");
    eventually("the API is served", || way.kubectl(&["api-resources"]).contains("sheets"));
    let sheet = way.at("sheet.yaml").display().to_string();
    let applied = way.kubectl(&["apply", "-f", &sheet]);
    way.page.write_down("kubectl apply -f sheet.yaml", &applied, 0);
    let refused = way.play(&format!("uninstall hub {HUB}"), 3);
    refused.says("bead-paper").says("Sheet");
    let bead = bead.replace(" --param accept-privileges=true", "");
    way.play(&format!("uninstall paper {bead} {login}"), 3).says("Sheet");

    way.page.tell("## What was ordered is deleted, and everything goes");
    let deleted = way.kubectl(&["delete", "-f", &sheet]);
    way.page.write_down("kubectl delete -f sheet.yaml", &deleted, 0);
    way.play(&format!("uninstall paper {bead} {login}"), 0);
    way.play(&format!("uninstall hub {HUB}"), 0).says("nothing of the hub is left").says("the cluster answers no more");
    assert!(!super::fixture::exists(NAME));
    way.page.tell("Once more, as after an interruption:");
    way.play(&format!("uninstall hub {HUB}"), 0).says("nothing to destroy");

    std::mem::take(&mut way.page).agrees_with(PAGE);
}
