//! The way of a spoke from its registration to its end, played as porter-runtime would; `UPDATE=1` writes what a run says to
//! docs/spokes.md.

use std::fs;

use tempfile::TempDir;

use super::fixture::Guest;
use crate::hub::fixture::Hub;
use crate::hub::installed::Kind;
use crate::support::page::Page;
use crate::support::{Mixin, PorterHome, Run, text};

const PAGE: &str = "docs/spokes.md";
/// What the page shows of its bundle begins and ends so.
const FENCE: (&str, &str) = ("```yaml\n# porter.yaml\n", "```\n");

/// A hub, a cluster that becomes its spoke, the bundle of the page, and what was said.
struct Way {
    hub: Hub,
    guest: Guest,
    folder: TempDir,
    page: Page,
}

impl Way {
    fn new() -> Self {
        let (hub, guest) = (Hub::installed(Kind::Plain), Guest::whole());
        let folder = tempfile::tempdir().expect("a folder");
        let page = text(PAGE);
        let bundle = page.split_once(FENCE.0).and_then(|(_, rest)| rest.split_once(FENCE.1)).expect("a bundle").0;
        fs::create_dir_all(folder.path().join("spoke")).expect("a folder");
        fs::write(folder.path().join("spoke/porter.yaml"), bundle).expect("written");
        fs::copy(hub.cluster.kubeconfig(), folder.path().join("hub.kubeconfig")).expect("copied");
        fs::copy(guest.kubeconfig(), folder.path().join("spoke.kubeconfig")).expect("copied");
        let mut page = Page::default();
        page.call(&hub.repository.url(), "https://git.example.org/me/hub.git");
        page.call(&folder.path().display().to_string(), ".");
        page.call(&format!("127.0.0.1:{}", guest.gate.port()), "prod-eu.example.org:6443");
        Self { hub, guest, folder, page }
    }

    /// Plays the bundle, and writes down what it says.
    fn play(&mut self, line: &str, code: i32) -> Run {
        let program = format!("BACKSTACK_PACE=4 exec {} \"$@\"", env!("CARGO_BIN_EXE_backstack"));
        let home = PorterHome::new().mixin("backstack", &program);
        let line = format!(
            "{line} --cred kubeconfig=hub.kubeconfig --cred spoke-kubeconfig=spoke.kubeconfig --param name=prod-eu"
        );
        let run = Mixin::new("bundle run").folder(self.folder.path()).args(line.split_whitespace());
        let run = run.env("PORTER_HOME", home.path()).with_path().run().exits(code);
        self.page.write_down(&format!("backstack bundle run {line}"), &run.stderr, code);
        run
    }
}

/// The bundle lints, and each action ends as the page says.
#[test]
#[ignore = "needs the testbed"]
fn a_spoke_comes_is_proven_and_goes_as_its_page_says() {
    let mut way = Way::new();
    Mixin::new("lint").arg(way.folder.path().join("spoke")).run().exits(0);

    way.play("install spoke", 0).says("Argo CD came there");
    way.page.tell("Run again, it changes nothing:");
    way.play("install spoke", 0).says("no change");
    way.page.tell("Whether Argo CD comes there now:");
    way.play("verify spoke", 0);
    way.hub.run("verify").expect(0).says("Argo CD comes to prod-eu");

    way.page.tell("It is taken out, and nothing of it is on the hub:");
    way.play("uninstall spoke", 0).says("is not registered any more");
    assert_eq!(way.hub.object("secret", "spoke-prod-eu"), None);
    assert!(way.guest.kubectl(&["get", "namespaces"]).contains("kube-system"), "the cluster itself stands");
    way.page.tell("And brought back:");
    way.play("install spoke", 0).says("Argo CD came there");
    way.play("uninstall spoke", 0);
    std::mem::take(&mut way.page).agrees_with_part_of(PAGE);
}
