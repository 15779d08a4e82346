//! What a commit may make Argo CD delete.

use std::cell::RefCell;

use backstack::argocd::Application;
use backstack::files::Tree;
use backstack::git::{Access, Published, Since};
use backstack::guard::hanging_on;
use backstack::object::ObjectRef;
use backstack::publish::{Leaving, Renewal, SourceChange, publish};
use backstack::render::hub::render;
use backstack::report::{Exit, Failure, Outcome};
use serde_json::json;

use super::claims;
use crate::bead::fixture::{Bead, TEXT, definition};
use crate::hub::fixture::{Hub, Run, TESTBED, eventually};
use crate::hub::installed::Kind;
use crate::hub::removal::MANAGED_KIND;
use crate::hub_repository::fixture::{COMPONENTS, MANIFEST, hub, input};
use crate::hub_repository::publish::{Server, all, anything, rendered, soon};
use crate::support::on_cluster::on_cluster;

/// The branch for a hub that has synced this commit, with the bead `precious` on it.
fn followed(server: &Server, commit: &str, accepted: Option<&str>) -> Access {
    let since = Since {
        commit: Some(commit.to_owned()),
        beads: vec!["precious".to_owned()],
        accepted: accepted.map(str::to_owned),
        ..Since::default()
    };
    Access { since: Some(since), ..server.access() }
}

async fn again(access: &Access) -> Outcome<Published> {
    publish(access, &rendered(), Renewal::Keep, "Render the hub", soon(), anything).await
}

#[track_caller]
fn refused(answer: Outcome<Published>, words: &[&str]) -> Failure {
    let failure = answer.expect_err("refused");
    let text = failure.render();
    assert_eq!(failure.exit, Exit::Refused, "{text}");
    for words in words {
        assert!(text.contains(words), "`{words}` is not in:\n{text}");
    }
    failure
}

/// Where the cluster has a root Application, its branch must be there and hold the lock of a hub, else nothing is committed;
/// the refusal names the commit that root has synced last and the beads on the cluster.
#[tokio::test]
async fn a_branch_that_vanished_is_no_first_install() {
    let server = Server::new();
    let commit = server.publish(&rendered()).await.expect("published").revision;
    let access = followed(&server, &commit, None);
    server.git(&["--git-dir", "hub.git", "branch", "-m", "main", "trunk"]);
    refused(again(&access).await, &[&commit, "beads on the cluster: precious", "is not there", "git push REPOSITORY"]);
    server.git(&["--git-dir", "hub.git", "branch", "-D", "trunk"]);
    refused(again(&access).await, &[&commit]);
    server.edit(|clone| std::fs::write(clone.join("README.md"), "made anew").expect("written"));
    refused(again(&access).await, &[&commit, "does not go back to"]);
    let fresh = Server::new();
    fresh.edit(|clone| std::fs::write(clone.join("README.md"), "another one").expect("written"));
    let head = fresh.git(&["--git-dir", "hub.git", "rev-parse", "main"]);
    refused(again(&followed(&fresh, head.trim(), None)).await, &["holds no hub", "precious"]);
    assert!(!fresh.tree().contains("lock.yaml"), "nothing was written");
}

/// The commit that root has synced last must be in the history of the branch, which is fetched whole for it (without files
/// where the server can leave them out). The refusal names both commits, and a step can name the one that is meant.
#[tokio::test]
async fn a_rewritten_history_is_refused_unless_its_head_is_named() {
    for filter in ["true", "false"] {
        let server = Server::new();
        server.git(&["--git-dir", "hub.git", "config", "uploadpack.allowFilter", filter]);
        let first = server.publish(&rendered()).await.expect("published").revision;
        for text in ["one", "two", "three"] {
            server.edit(|clone| std::fs::write(clone.join("notes.txt"), text).expect("written"));
        }
        let synced = server.git(&["--git-dir", "hub.git", "rev-parse", "main~1"]).trim().to_owned();
        for known in [&first, &synced] {
            assert!(!again(&followed(&server, known, None)).await.expect("it goes on").committed);
        }
        server.git(&["--git-dir", "hub.git", "update-ref", "refs/heads/main", &first]);
        server.edit(|clone| std::fs::write(clone.join("notes.txt"), "other").expect("written"));
        let head = server.git(&["--git-dir", "hub.git", "rev-parse", "main"]).trim().to_owned();
        refused(again(&followed(&server, &synced, None)).await, &[&synced, &head, "was rewritten", "acceptHistory"]);
        refused(again(&followed(&server, &synced, Some(&"0".repeat(40)))).await, &["was rewritten"]);
        again(&followed(&server, &synced, Some(&head))).await.expect("named");
        assert!(!again(&followed(&server, &first, None)).await.expect("it goes on").committed);
    }
}

/// A push is bound to the commit that it was made upon, so a branch that was wound back meanwhile stays where it is.
#[tokio::test]
async fn a_branch_that_is_wound_back_under_a_run_is_not_wound_forward() {
    let server = Server::new();
    let first = server.publish(&rendered()).await.expect("published").revision;
    server.edit(|clone| std::fs::write(clone.join("notes.txt"), "regretted").expect("written"));
    let synced = server.git(&["--git-dir", "hub.git", "rev-parse", "main"]).trim().to_owned();
    let upgraded = render(&input("version: 3.6.1", &COMPONENTS.replace("a: 'on'", "a: 'off'"))).expect("renders").tree;
    let wind_back = async |_: &Leaving| {
        server.git(&["--git-dir", "hub.git", "update-ref", "refs/heads/main", &first]);
        Ok(Vec::new())
    };
    let access = followed(&server, &synced, None);
    refused(
        publish(&access, &upgraded, Renewal::Keep, "Render the hub", soon(), wind_back).await,
        &["was rewritten", &synced, &first],
    );
    assert_eq!(server.git(&["--git-dir", "hub.git", "rev-parse", "main"]).trim(), first);
}

/// What leaves by a commit is read off the files before and after it: by Application, by object of one, and by chart.
#[tokio::test]
async fn what_a_commit_takes_away_is_known_before_it_is_made() {
    let leaving = async |to: &Tree| {
        let server = Server::new();
        server.publish(&rendered()).await.expect("published");
        // People's files are read as Argo CD reads them, and what they have broken is no failure.
        server.edit(|clone| {
            std::fs::write(clone.join("argocd/team.yaml"), "# of people").expect("written");
            std::fs::write(clone.join("root/README.md"), "a: b: c").expect("written");
            std::fs::write(clone.join("root/broken.yaml"), "a: b: c").expect("written");
        });
        let seen = RefCell::new(Leaving::default());
        let admit = async |leaving: &Leaving| {
            seen.replace(leaving.clone());
            Err(Failure::refused("only looked"))
        };
        publish(&server.access(), to, Renewal::Keep, "Render the hub", soon(), admit).await.expect_err("only looked");
        seen.into_inner()
    };
    let same = leaving(&rendered()).await;
    assert_eq!((same.applications.len(), same.objects.len(), same.sources.len()), (0, 0, 0), "{same:?}");

    assert_eq!(same.unread.iter().collect::<Vec<_>>(), ["root/broken.yaml"]);

    let renamed = COMPONENTS.replace("name: locked, namespace: locked", "name: moved, namespace: elsewhere");
    let moved = leaving(&render(&input("version: 3.6.1", &renamed)).expect("renders").tree).await;
    assert_eq!(moved.applications.len(), 1);
    assert_eq!((moved.applications[0].name.as_str(), &moved.applications[0].moved_to), ("locked", &None), "{moved:?}");

    let within = COMPONENTS.replace("name: locked, namespace: locked", "name: moved, namespace: locked");
    let moved = leaving(&render(&input("version: 3.6.1", &within)).expect("renders").tree).await;
    assert_eq!(moved.applications[0].moved_to.as_deref(), Some("moved"), "{moved:?}");

    let changed_to = async |components: &str| {
        let changed = leaving(&render(&input("version: 3.6.1", components)).expect("renders").tree).await;
        let why = |it: &SourceChange| it.releases.as_ref().err().map(|it| (*it).to_owned());
        let all = changed.sources.iter().map(|it| (it.application.clone(), it.leaves.clone(), why(it)));
        all.collect::<Vec<_>>()
    };
    let elsewhere = Some("its chart comes from elsewhere".to_owned());
    let values = COMPONENTS.replace("a: 'on'", "a: 'off'").replace("version: 1.2.3", "version: 1.2.4");
    assert_eq!(
        changed_to(&values).await,
        [("helm".to_owned(), None, elsewhere.clone()), ("locked".to_owned(), None, None)]
    );
    let namespace = COMPONENTS.replace("name: helm, namespace: helm", "name: helm, namespace: data");
    assert_eq!(changed_to(&namespace).await, [("helm".to_owned(), Some("helm".to_owned()), elsewhere.clone())]);
    let published = COMPONENTS.replace(
        "chart: {locked: thing}",
        "chart: {repository: 'https://charts.example.org', name: thing, version: 1.0.0}",
    );
    assert_eq!(changed_to(&published).await, [("locked".to_owned(), None, elsewhere)]);

    let mut fewer = hub();
    let without = MANIFEST
        .replace("kind: Deployment\nmetadata: {name: argocd-server}", "kind: Deployment\nmetadata: {name: other}");
    fewer.assets.insert("argocd", backstack::vendor::AssetContent::Manifest(without.into()));
    let fewer = leaving(&render(&fewer).expect("renders").tree).await;
    let server = ObjectRef::new("apps/v1", "Deployment", Some("argocd"), "argocd-server");
    let gone: Vec<(&str, String)> =
        fewer.objects.iter().map(|it| (it.holder.as_str(), it.object.to_string())).collect();
    assert_eq!(gone, [("argocd", server.to_string())]);
}

/// Where an Application becomes one of another sort, a chart instead of a folder of manifests, everything grave that it has
/// is taken for what goes.
#[tokio::test]
async fn a_folder_that_becomes_a_chart_is_a_change_of_sort() {
    let server = Server::new();
    server.publish(&rendered()).await.expect("published");
    let config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
    let put = async |version: &str, application: &str| {
        let bead = claims::rendered(&claims::document("x", version, application, ""), config).expect("rendered");
        let seen = RefCell::new(Leaving::default());
        let admit = async |leaving: &Leaving| {
            seen.replace(leaving.clone());
            Ok(Vec::new())
        };
        backstack::publish::bead::publish(&server.access(), "x", all(&bead.tree), "Render a bead", soon(), admit)
            .await
            .expect("published");
        seen.into_inner()
    };
    assert!(put("0.1.0", "manifests: app").await.sources.is_empty());
    let changed = put("0.2.0", "chart: {locked: chart}").await;
    let sorts: Vec<(&str, bool)> =
        changed.sources.iter().map(|it| (it.application.as_str(), it.is_of_another_sort)).collect();
    assert_eq!(sorts, [("bead-x-application", true)]);
    assert!(changed.objects.is_empty(), "the chart may have it: {changed:?}");
}

fn upgrade_naming(hub: &Hub, names: &str) -> Run {
    Run::of(hub.start_naming("upgrade", names))
}

/// The same on the real Argo CD: the branch is renamed under a hub with a bead, and put back.
#[test]
#[ignore = "needs the testbed"]
fn a_hub_whose_branch_was_renamed_keeps_its_beads() {
    let hub = Hub::installed(Kind::Crossplane);
    let git = |args: &[&str]| {
        let run = std::process::Command::new("git").arg("-C").arg(hub.repository.dir()).args(args).status();
        assert!(run.expect("git starts").success(), "{args:?}");
    };
    let head = hub.commits().remove(0);
    git(&["branch", "-m", "main", "trunk"]);
    for action in ["upgrade", "install", "diff"] {
        hub.run(action).expect(3).says(&head).says("beads on the cluster: crossplane").says("nothing was written");
    }
    Bead::shipped(&hub, "crossplane").run("upgrade").expect(3).says(&head);
    assert!(hub.object("application", "bead-crossplane-application").is_some());
    git(&["branch", "-m", "trunk", "main"]);
    hub.run("install").expect(0);
    assert_eq!(hub.commits()[0], head, "nothing was committed");
    hub.run("diff").expect(0).says("no difference");
}

/// A component that leaves the document is refused with all that it manages, and with what Crossplane would delete or orphan
/// besides, unless the step names each; a component that comes back under another name is told to be no move.
#[test]
#[ignore = "needs the testbed"]
fn an_upgrade_without_a_component_is_refused_until_it_is_named() {
    let hub = Hub::installed(Kind::Component);
    hub.apply(MANAGED_KIND);
    eventually("the managed kind is served", || {
        hub.kubectl(&["api-resources", "--categories=managed", "-o", "name"]).contains("buckets.s3.example.org")
    });
    hub.apply("{apiVersion: s3.example.org/v1, kind: Bucket, metadata: {name: precious}}");
    let document = std::fs::read_to_string(hub.bundle().join("hub.yaml")).expect("the document");
    let commits = hub.commits();

    hub.edit_document(|text| text.replace("- name: crossplane", "- name: moved"));
    hub.run("upgrade")
        .expect(3)
        .says("Application argocd/crossplane: ")
        .says("moved has the same chart in the same namespace");
    hub.edit_document(|_| document.split("  components:").next().expect("the first part").to_owned());
    hub.run("upgrade")
        .expect(3)
        .says("Application argocd/crossplane: ")
        .says("Bucket precious")
        .says("nothing was written");
    hub.run("diff").expect(0).says("! Application argocd/crossplane").says("! Bucket precious");
    upgrade_naming(&hub, "crossplane")
        .expect(3)
        .says("Bucket precious")
        .says("mayRemove: [Bucket.s3.example.org/precious, crossplane]");
    assert_eq!(hub.commits(), commits);
    assert!(hub.object("application", "crossplane").is_some());

    hub.kubectl(&["delete", "bucket", "precious"]);
    upgrade_naming(&hub, "\"crossplane,another\"").expect(0).says("leaves");
    assert!(hub.object("application", "crossplane").is_none());
    assert!(hub.output("proof").contains("Application argocd/crossplane"), "{}", hub.output("proof"));
}

/// What packages and XRDs of an Application have brought is read off owner references, whoever brought Crossplane itself; all
/// that is of these kinds hangs on the Application.
#[test]
#[ignore = "needs the testbed"]
fn what_is_made_by_an_api_is_named_when_the_component_that_brings_the_api_leaves() {
    let hub = Hub::installed(Kind::Component);
    hub.apply(&definition("Page", "pages", "team.example.org", "Cluster", TEXT));
    let page = "{apiVersion: team.example.org/v1, kind: Page, metadata: {name: precious}, spec: {text: hello}}";
    eventually("the kind is served", || {
        hub.kubectl(&["api-resources", "--categories=composite", "-o", "name"]).contains("pages.team.example.org")
    });
    hub.apply(page);
    let bringing = |xrd: &str| {
        Application(json!({
            "metadata": {"name": "platform-apis", "namespace": "argocd"},
            "status": {"resources": [{"group": "apiextensions.crossplane.io", "version": "v2",
                "kind": "CompositeResourceDefinition", "name": xrd}]}
        }))
    };
    let named = |component: Application| {
        let hanging = on_cluster(hub.cluster.kubeconfig(), std::time::Duration::from_secs(60), async |cluster| {
            hanging_on(&cluster, &[component]).await.expect("looked at")
        });
        hanging.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let pages = named(bringing("pages.team.example.org"));
    assert_eq!(pages, ["Page precious: Crossplane would delete or orphan what is behind it"]);
    assert_eq!(named(bringing("others.team.example.org")), [""; 0], "of another API nothing is made");
}

const TRIAL: &str = "
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: crossplane, namespace: argocd}
spec:
  project: default
  source: {repoURL: 'ADDRESS', path: trial, targetRevision: main}
  destination: {server: https://kubernetes.default.svc, namespace: trial}
  syncPolicy: {automated: {}, syncOptions: [CreateNamespace=true]}
";

/// Applications that come with a commit are looked for on the cluster, too: one of that name which the hub has not brought
/// would become another one, and Argo CD would delete what it has brought so far.
#[test]
#[ignore = "needs the testbed"]
fn a_component_does_not_take_the_place_of_an_application_of_others() {
    let hub = Hub::installed(Kind::Plain);
    let trial = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: trial}\n";
    hub.commit(|folder| {
        std::fs::create_dir(folder.join("trial")).expect("a folder");
        std::fs::write(folder.join("trial/trial.yaml"), trial).expect("written");
    });
    hub.apply(&TRIAL.replace("ADDRESS", &hub.repository.url()));
    let is_there = || {
        let it = hub.object("application", "crossplane").expect("the trial");
        it["status"]["resources"].as_array().is_some_and(|all| !all.is_empty())
            && it["status"]["sync"]["status"] == "Synced"
    };
    hub.eventually_synced("crossplane", "the trial is there", is_there);
    let commits = hub.commits();
    let component =
        "  components:\n  - {name: crossplane, namespace: crossplane-system, chart: {locked: crossplane}}\n";
    hub.edit_document(|text| format!("{text}{component}"));
    hub.run("diff").expect(0).says("! Application argocd/crossplane");
    let run = hub.run("upgrade").expect(3).says("Application argocd/crossplane: it is of somebody else");
    run.says("mayRemove: [crossplane]");
    assert_eq!(hub.commits(), commits);
    assert_eq!(hub.kubectl(&["get", "configmap", "trial", "-n", "trial", "-o", "name"]), "configmap/trial\n");
}

const VOLUME: &str = "
apiVersion: v1
kind: PersistentVolume
metadata: {name: orders}
spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], storageClassName: '', hostPath: {path: /nowhere}}
";
const CLAIM: &str = "apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: orders}
spec: {accessModes: [ReadWriteOnce], storageClassName: '', resources: {requests: {storage: 1Gi}}}
";

/// What a new version of a chart or of a folder of manifests no longer has is found by rendering the old and the new chart
/// with Helm: grave things are refused, the rest is told, and without Helm it is said that nobody looked.
#[test]
#[ignore = "needs the testbed"]
fn with_helm_at_hand_an_upgrade_that_drops_a_volume_is_refused_until_it_is_named() {
    let hub = Hub::installed(Kind::Plain);
    let path = format!("{}:{}", TESTBED.bin().display(), std::env::var("PATH").unwrap_or_default());
    hub.apply(VOLUME);
    let config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: notes}\n";
    let stays = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: stays}\n";
    let accepted = "acceptPrivileges: true";
    let bead = Bead::new(&hub, "shop").with(accepted);
    bead.edit("bead.yaml", |text| with_chart(&text));
    bead.lock_chart("shop", &[("claim", CLAIM), ("config", config), ("stays", stays)]);
    bead.run("install").expect(0);

    bead.lock_chart("shop", &[("config", config), ("stays", stays)]);
    std::fs::remove_file(bead.bundle().join("assets/shop/templates/claim.yaml")).expect("there");
    let run = |settings: &str, path: &str| {
        Bead { hub: &hub, name: bead.name, settings: settings.to_owned(), timeout: "2m" }
            .run_with("upgrade", &[("PATH", path)])
    };
    let commits = hub.commits();
    run("", &path).expect(3).says("PersistentVolumeClaim shop/orders").says("with the data on it");
    assert_eq!(hub.commits(), commits);
    run("mayRemove: [PersistentVolumeClaim/shop/orders]", &path).expect(0).says("leaves");
    assert!(bead.object("pvc", "shop", "orders").is_none());

    bead.lock_chart("shop", &[("stays", stays)]);
    std::fs::remove_file(bead.bundle().join("assets/shop/templates/config.yaml")).expect("there");
    run("", &path).expect(0).says("ConfigMap shop/notes");
    bead.lock_chart("shop", &[("stays", stays), ("more", config)]);
    run(accepted, "/usr/bin:/bin")
        .expect(0)
        .says("not looked at: what Application bead-shop-application no longer brings (`helm` is not on PATH)");
}

/// Kubernetes deletes with an owner what it owns, so the volumes and claims of what would go are looked for as well.
#[test]
#[ignore = "needs the testbed"]
fn an_upgrade_that_drops_the_owner_of_a_claim_is_refused_until_the_claim_is_named() {
    let hub = Hub::installed(Kind::Plain);
    let bead = Bead::new(&hub, "shop");
    bead.edit("app/owner.yaml", |_| "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: owner}\n".to_owned());
    bead.run("install").expect(0);
    let owner = bead.object("configmap", "shop", "owner").expect("the bead's");
    let owners = format!(
        "metadata: {{namespace: shop, ownerReferences: [{{apiVersion: v1, kind: ConfigMap, name: owner, uid: {}}}], name: ",
        owner["metadata"]["uid"]
    );
    hub.apply(VOLUME);
    hub.apply(&CLAIM.replace("metadata: {name: ", &owners));
    std::fs::remove_file(bead.bundle().join("app/owner.yaml")).expect("there");
    let run =
        bead.run("upgrade").expect(3).says("PersistentVolumeClaim shop/orders: it would be deleted with its owner");
    run.says("mayRemove: [PersistentVolumeClaim/shop/orders]");
    assert!(bead.object("configmap", "shop", "owner").is_some() && bead.object("pvc", "shop", "orders").is_some());
    let bead = bead.with("mayRemove: [PersistentVolumeClaim/shop/orders]");
    bead.run("upgrade").expect(0).says("leaves").says("ConfigMap shop/owner");
}

fn with_chart(text: &str) -> String {
    text.replace("manifests: app", "chart: {locked: shop}")
}
