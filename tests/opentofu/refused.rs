//! What would not do what it says is refused, with nothing changed.

use std::fs;
use std::path::PathBuf;

use backstack::opentofu::{Goal, Setup};
use backstack::report::Failure;
use serde_json::json;

use super::fixture::{Module, REAL, TIME, listed, prepared, secrets, variables};

const TOKEN: &str = "variable \"token\" { type = string }\noutput \"a\" { value = 1 }";

async fn refused_to_prepare(setup: Setup) -> Failure {
    prepared(setup).await.expect_err("it is to be refused")
}

async fn refused_to_plan(setup: Setup) -> Failure {
    prepared(setup).await.expect("prepared").plan(Goal::Apply).await.expect_err("it is to be refused")
}

#[tokio::test]
#[ignore = "needs the testbed"]
async fn a_value_needs_its_variable_and_a_secret_one_that_is_sensitive() {
    let module = Module::new(TOKEN);
    let failure = refused_to_plan(Setup {
        variables: variables([("token", json!("x")), ("tokens", json!(1))]),
        ..module.setup()
    });
    let failure = failure.await;
    assert_eq!(failure.message, "the module declares no variable `tokens`; nothing was changed");
    assert_eq!((failure.exit.code(), failure.hint.as_deref()), (2, Some("it declares token")));

    let failure = refused_to_plan(Setup { secrets: secrets([("token", "of-nobody")]), ..module.setup() }).await;
    assert_eq!(
        failure.message,
        "the module does not declare the variable `token`, which is given a secret, as sensitive; nothing was changed"
    );

    let failure = refused_to_plan(module.setup()).await;
    assert_eq!(failure.message, "`tofu plan` has failed: main.tf line 1: No value for required variable");
    assert_eq!(failure.hint.as_deref(), Some("give the variable a value"));
    let both = Setup {
        variables: variables([("token", json!("x"))]),
        secrets: secrets([("token", "of-nobody")]),
        ..module.setup()
    };
    assert_eq!(refused_to_prepare(both).await.message, "the variable `token` has two values, one of them a secret");
    assert_eq!(module.kept(), []);
}

#[tokio::test]
#[ignore = "needs the testbed"]
async fn what_is_not_destroyed_whole_is_told() {
    let text = |rest: &str| {
        format!(
            "variable \"name\" {{ type = string }}
             resource \"terraform_data\" \"network\" {{ input = var.name }}
             resource \"terraform_data\" \"cluster\" {{
               depends_on = [terraform_data.network]
               {rest}
             }}"
        )
    };
    let module = Module::new(&text("lifecycle { prevent_destroy = true }"));
    let given = || Setup { variables: variables([("name", json!("x"))]), ..module.setup() };
    let tofu = prepared(given()).await.expect("prepared");
    let plan = tofu.plan(Goal::Apply).await.expect("planned");
    tofu.apply(plan).await.expect("applied");
    let destroy = async |setup: Setup| prepared(setup).await.expect("prepared").plan(Goal::Destroy).await;

    let failure = destroy(module.setup()).await.expect_err("it needs its variable again");
    assert_eq!(failure.message, "`tofu plan` has failed: main.tf line 1: No value for required variable");
    let failure = destroy(given()).await.expect_err("it is kept");
    assert!(failure.message.contains("instance cannot be destroyed"), "{}", failure.render());
    assert_eq!(failure.hint.as_deref(), Some("nothing was changed; run the same again when the cause is gone"));

    module.write("main.tf", &text("provisioner \"local-exec\" {\n when = destroy\n command = \"exit 3\"\n }"));
    let tofu = prepared(given()).await.expect("prepared");
    let plan = tofu.plan(Goal::Destroy).await.expect("planned");
    assert_eq!(plan.deletes().count(), 2);
    let failure = tofu.apply(plan).await.expect_err("the cluster does not go");
    assert!(failure.message.contains("terraform_data.cluster"), "{}", failure.render());
    let left = tofu.state().await.expect("readable").expect("there").resources;
    assert_eq!(left, ["terraform_data.cluster", "terraform_data.network"]);
}

#[tokio::test]
#[ignore = "needs the testbed"]
async fn nothing_steers_the_program_itself() {
    let module = Module::new(TOKEN);
    for name in ["TF_WORKSPACE", "TF_CLI_ARGS_plan", "TF_VAR_token", "TF_LOG"] {
        let failure = refused_to_prepare(Setup { environment: secrets([(name, "1")]), ..module.setup() }).await;
        assert_eq!(failure.message, format!("the variable {name} of the environment would steer OpenTofu itself"));
    }
}

#[tokio::test]
#[ignore = "needs the testbed"]
async fn a_provider_that_the_mirror_lacks_is_named() {
    let module =
        Module::new("terraform {\n  required_providers {\n    null = { source = \"hashicorp/null\" }\n  }\n}\n");
    let failure = refused_to_prepare(module.setup()).await;
    assert!(
        failure.message.starts_with("`tofu init` has failed: Failed to query available provider"),
        "{}",
        failure.render()
    );
    assert!(failure.details.join("\n").contains("hashicorp/null"), "{}", failure.render());
    assert!(
        failure.hint.as_deref().is_some_and(|hint| hint.contains("`tofu providers mirror`")),
        "{}",
        failure.render()
    );
}

/// What `init` writes for the provider.
fn written_lock() -> String {
    let module = Module::new(TIME);
    assert!(module.raw(&["init", "-input=false"]).status().expect("starts").success());
    fs::read_to_string(module.path().join(".terraform.lock.hcl")).expect("written")
}

#[tokio::test]
#[ignore = "needs the testbed"]
async fn a_provider_of_another_checksum_is_not_run() {
    let module = Module::new(TIME);
    // What `init` itself writes, with another checksum.
    let written = written_lock();
    module.write(".terraform.lock.hcl", &written);
    module.prepared().await;
    let (start, rest) = written.split_once("h1:").expect("a checksum");
    let (_, rest) = rest.split_once('"').expect("its end");
    let other = "A".repeat(43);
    module.write(".terraform.lock.hcl", &format!("{start}h1:{other}=\"{rest}"));
    let failure = refused_to_prepare(module.setup()).await;
    assert!(failure.render().contains("checksum"), "{}", failure.render());
    // A module that pins some of its providers pins all.
    module.write(".terraform.lock.hcl", "");
    let failure = refused_to_prepare(module.setup()).await;
    assert!(failure.message.contains("Provider dependency changes detected"), "{}", failure.render());
}

#[tokio::test]
#[ignore = "needs the testbed"]
async fn the_state_is_where_it_is_said_to_be() {
    let http = Module::new(
        "terraform {\n  backend \"http\" {\n    address = \"http://127.0.0.1:1/state\"\n    retry_max = 0\n  }\n}\n",
    );
    let failure = refused_to_prepare(http.setup()).await;
    assert!(failure.message.contains("names the backend `http`, and its state is to be in"), "{}", failure.render());
    let failure = refused_to_prepare(Setup { state: None, ..http.setup() }).await;
    assert!(failure.render().contains("connection refused"), "{}", failure.render());

    let none = Module::new(TOKEN);
    let failure = refused_to_prepare(Setup { state: None, ..none.setup() }).await;
    assert!(failure.message.ends_with("names no backend to have its state"), "{}", failure.render());

    let local = Module::new("terraform {\n  backend \"local\" {}\n}\n");
    let failure = refused_to_prepare(Setup { state: None, ..local.setup() }).await;
    assert!(failure.message.ends_with("its state would be gone with this run"), "{}", failure.render());
}

#[tokio::test]
#[ignore = "needs the testbed"]
async fn what_is_no_state_is_left_as_it_is() {
    let module = Module::new(TOKEN);
    fs::write(module.state(), "garbage").expect("written");
    let failure = refused_to_prepare(module.setup()).await;
    assert!(failure.message.ends_with("terraform.tfstate is no state of OpenTofu"), "{}", failure.render());
    assert_eq!(fs::read(module.state()).expect("there"), b"garbage");
}

#[tokio::test]
#[ignore = "needs the testbed"]
async fn another_program_is_no_opentofu() {
    let module = Module::new(TOKEN);
    let failure = refused_to_prepare(Setup { program: PathBuf::from("true"), ..module.setup() }).await;
    assert!(failure.message.starts_with("true does not say its version"), "{}", failure.render());
    let failure = refused_to_prepare(Setup { program: PathBuf::from("no-such-tofu"), ..module.setup() }).await;
    assert_eq!(failure.message, "`no-such-tofu` is not on PATH");
}

#[tokio::test]
#[ignore = "needs the testbed"]
async fn the_folder_of_the_module_is_only_read() {
    let module = Module::new(&format!("{TIME}resource \"time_sleep\" \"a\" {{ create_duration = \"0s\" }}"));
    let before = listed(module.path());
    module.apply().await.expect("applied");
    assert_eq!(listed(module.path()), before);
    assert!(listed(REAL.mirror.as_path()).len() == 1, "one host");
}
