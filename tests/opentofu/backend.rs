//! The state is in a backend that the module names.

use backstack::opentofu::{Goal, Setup};
use serde_json::json;

use super::fixture::{Module, prepared, secrets};
use super::http_backend::{PASSWORD, Server};

const RESOURCE: &str =
    "resource \"terraform_data\" \"a\" { input = 1 }\noutput \"a\" { value = terraform_data.a.output }\n";

fn given(module: &Module) -> Setup {
    Setup { state: None, environment: secrets([("TF_HTTP_PASSWORD", PASSWORD)]), ..module.setup() }
}

#[tokio::test]
#[ignore = "needs the testbed"]
async fn a_backend_has_the_state_and_its_lock() {
    let server = Server::new();
    let module = Module::new(&(server.block() + RESOURCE));
    let tofu = prepared(given(&module)).await.expect("prepared");
    assert!(!tofu.begin_state().expect("not ours to begin"));
    assert_eq!(tofu.state().await.expect("readable"), None);
    let plan = tofu.plan(Goal::Apply).await.expect("planned");
    tofu.apply(plan).await.expect("applied");
    assert_eq!(server.state().expect("saved")["resources"][0]["name"], "a");
    let state = tofu.state().await.expect("readable").expect("there");
    assert_eq!(
        (json!(state.lineage), state.resources),
        (server.state().expect("saved")["lineage"].clone(), vec!["terraform_data.a".to_owned()])
    );
    assert_eq!(tofu.outputs().await.expect("told").text("a").expect("there"), "1");
    let locks = |name: &str| server.methods().iter().filter(|method| *method == name).count();
    assert_eq!((locks("LOCK"), locks("UNLOCK")), (2, 2));
    assert_eq!(module.kept(), []);

    let plan = tofu.plan(Goal::Destroy).await.expect("planned");
    assert_eq!(tofu.apply(plan).await.expect("destroyed").removed, 1);
    assert_eq!(server.state().expect("saved")["resources"], json!([]));
}

#[tokio::test]
#[ignore = "needs the testbed"]
async fn a_lock_that_nobody_holds_any_more_is_told_with_its_way_out() {
    let server = Server::new();
    let module = Module::new(&(server.block() + RESOURCE));
    server.lock(&json!({
        "ID": "5b9ac4f2", "Operation": "OperationTypeApply", "Info": "", "Who": "ann@laptop", "Version": "1.12.6",
        "Created": "2026-01-02T03:04:05Z", "Path": "",
    }));
    let setup = given(&module);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    let tofu =
        backstack::opentofu::OpenTofu::prepare(setup, deadline, &super::fixture::CONSOLE).await.expect("prepared");
    let failure = tofu.plan(Goal::Apply).await.expect_err("locked");
    assert!(
        failure.message.contains("the state is locked by ann@laptop since 2026-01-02 03:04:05"),
        "{}",
        failure.render()
    );
    assert!(
        failure.hint.as_deref().is_some_and(|it| it.contains("`tofu force-unlock 5b9ac4f2`")),
        "{}",
        failure.render()
    );
    assert_eq!(server.state(), None);
}

#[tokio::test]
#[ignore = "needs the testbed"]
async fn a_backend_that_refuses_is_told() {
    let server = Server::new();
    let module = Module::new(&(server.block() + RESOURCE));
    let setup = Setup { environment: secrets([("TF_HTTP_PASSWORD", "another-password")]), ..given(&module) };
    let failure = prepared(setup).await.expect_err("refused");
    assert!(failure.render().contains("auth"), "{}", failure.render());
    assert!(!failure.render().contains("another-password"), "{}", failure.render());
}
