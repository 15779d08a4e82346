//! What is planned is done, and what is done is known.

use backstack::opentofu::{Done, Goal};
use serde_json::json;

use super::fixture::{Module, TIME, prepared, secrets, told, variables};

/// Two resources, one of which is made anew with another name; the secret is in one of them.
fn module() -> Module {
    Module::new(&format!(
        "{TIME}
        variable \"name\" {{ type = string }}
        variable \"sizes\" {{ type = list(number) }}
        variable \"token\" {{
          type      = string
          sensitive = true
        }}
        resource \"time_sleep\" \"cluster\" {{
          create_duration = \"1s\"
          triggers        = {{ name = var.name }}
        }}
        resource \"terraform_data\" \"login\" {{ input = var.token }}
        output \"kubeconfig\" {{
          value     = \"token: ${{var.token}}\"
          sensitive = true
        }}
        output \"sum\" {{ value = sum(var.sizes) }}
        output \"all\" {{ value = {{ name = var.name, sizes = var.sizes }} }}
        "
    ))
}

fn given(module: &Module, name: &str) -> backstack::opentofu::Setup {
    backstack::opentofu::Setup {
        variables: variables([("name", json!(name)), ("sizes", json!([1, 2.5]))]),
        secrets: secrets([("token", "a-token-of-nobody ${1+1} \"\n")]),
        ..module.setup()
    }
}

#[tokio::test]
#[ignore = "needs the testbed"]
async fn a_cluster_is_made_changed_and_destroyed() {
    let module = module();
    let tofu = prepared(given(&module, "one")).await.expect("prepared");
    assert_eq!(tofu.state().await.expect("readable"), None);
    assert!(tofu.begin_state().expect("written"));
    assert!(!tofu.begin_state().expect("is there"));
    let lineage = module.state_json()["lineage"].clone();

    let plan = tofu.plan(Goal::Apply).await.expect("planned");
    assert_eq!(told(&plan), ["create terraform_data.login", "create time_sleep.cluster"]);
    assert_eq!(plan.counts(), "2 to create");
    assert_eq!(tofu.apply(plan).await.expect("applied"), Done { added: 2, changed: 0, removed: 0 });
    assert_eq!(module.kept(), [("terraform.tfstate".to_owned(), 0o600)]);
    let state = tofu.state().await.expect("readable").expect("there");
    assert_eq!(state.resources, ["terraform_data.login", "time_sleep.cluster"]);
    assert_eq!(json!(state.lineage), lineage);

    let outputs = tofu.outputs().await.expect("told");
    assert_eq!(outputs.names().collect::<Vec<_>>(), ["all", "kubeconfig", "sum"]);
    assert_eq!(outputs.text("kubeconfig").expect("there"), "token: a-token-of-nobody ${1+1} \"\n");
    assert_eq!(outputs.text("sum").expect("there"), "3.5");
    assert_eq!(outputs.get("all").expect("there").value, json!({"name": "one", "sizes": [1, 2.5]}));
    assert!(outputs.get("kubeconfig").expect("there").sensitive && !outputs.get("sum").expect("there").sensitive);
    assert!(outputs.text("absent").is_none());

    let again = tofu.plan(Goal::Apply).await.expect("planned");
    assert!(again.is_empty() && again.changes().is_empty(), "{again:?}");
    assert_eq!(again.counts(), "nothing to do");

    let other = prepared(given(&module, "two")).await.expect("prepared");
    let plan = other.plan(Goal::Apply).await.expect("planned");
    assert_eq!(plan.replaces().collect::<Vec<_>>(), ["time_sleep.cluster"]);
    assert_eq!((plan.deletes().count(), plan.is_empty()), (0, false));
    assert_eq!(other.apply(plan).await.expect("applied"), Done { added: 1, changed: 0, removed: 1 });

    let plan = other.plan(Goal::Destroy).await.expect("planned");
    assert_eq!(plan.deletes().collect::<Vec<_>>(), ["terraform_data.login", "time_sleep.cluster"]);
    assert_eq!(other.apply(plan).await.expect("destroyed"), Done { added: 0, changed: 0, removed: 2 });
    assert_eq!(other.state().await.expect("readable").expect("there").resources, Vec::<String>::new());
}

#[tokio::test]
#[ignore = "needs the testbed"]
async fn what_only_changes_outputs_is_something_to_do() {
    let module = Module::new("output \"a\" { value = 1 }");
    module.apply().await.expect("applied");
    module.write("main.tf", "output \"a\" { value = 2 }");
    let tofu = module.prepared().await;
    let plan = tofu.plan(Goal::Apply).await.expect("planned");
    assert_eq!((plan.is_empty(), plan.changes().len(), plan.counts().as_str()), (false, 0, "only outputs change"));
    tofu.apply(plan).await.expect("applied");
    assert_eq!(tofu.outputs().await.expect("told").text("a").expect("there"), "2");
}

#[tokio::test]
#[ignore = "needs the testbed"]
async fn values_of_the_step_win_over_those_beside_the_module() {
    let module = Module::new("variable \"name\" { type = string }\noutput \"name\" { value = var.name }");
    module.write("terraform.tfvars", "name = \"of the folder\"");
    module.write("all.auto.tfvars", "name = \"of the folder, too\"");
    let setup = backstack::opentofu::Setup { variables: variables([("name", json!("of the step"))]), ..module.setup() };
    let tofu = prepared(setup).await.expect("prepared");
    let plan = tofu.plan(Goal::Apply).await.expect("planned");
    tofu.apply(plan).await.expect("applied");
    assert_eq!(tofu.outputs().await.expect("told").text("name").expect("there"), "of the step");
}

#[tokio::test]
#[ignore = "needs the testbed"]
async fn data_sources_are_nothing_that_is_managed() {
    let module = Module::new(
        "resource \"terraform_data\" \"a\" { for_each = toset([\"x.data.y\"]) }
         data \"terraform_remote_state\" \"b\" {
           backend = \"local\"
           config  = { path = \"other.tfstate\" }
         }",
    );
    module.write("other.tfstate", &super::fixture::empty_state().to_string());
    module.apply().await.expect("applied");
    assert_eq!(module.resources().await, ["terraform_data.a[\"x.data.y\"]"]);
}
