//! What breaks in the middle is told, and what was made until then is kept.

use std::time::{Duration, Instant};

use backstack::opentofu::{Goal, OpenTofu};

use super::fixture::{CONSOLE, Module, TIME, told};
use super::killed::Apply;

/// What is made at once, and what takes an hour after it.
pub fn slow() -> Module {
    Module::new(&format!(
        "{TIME}
        resource \"terraform_data\" \"first\" {{ input = 1 }}
        resource \"time_sleep\" \"slow\" {{
          create_duration = \"1h\"
          triggers        = {{ after = terraform_data.first.id }}
        }}"
    ))
}

/// The same with a resource that comes to its end.
pub fn hurry(module: &Module) {
    let text = std::fs::read_to_string(module.path().join("main.tf")).expect("written");
    module.write("main.tf", &text.replace("1h", "0s"));
}

#[tokio::test]
#[ignore = "needs the testbed"]
async fn a_resource_that_fails_is_named_and_the_rest_is_kept() {
    let module = Module::new(
        "resource \"terraform_data\" \"network\" { input = 1 }
         resource \"terraform_data\" \"cluster\" {
           depends_on = [terraform_data.network]
           provisioner \"local-exec\" { command = \"echo the quota is exceeded; exit 3\" }
         }",
    );
    let failure = module.apply().await.expect_err("it fails");
    assert_eq!(failure.exit.code(), 1);
    assert_eq!(failure.message, "`tofu apply` has failed: terraform_data.cluster: local-exec provisioner error");
    assert!(failure.details.join("\n").contains("exit status 3"), "{}", failure.render());
    assert!(failure.hint.as_deref().is_some_and(|hint| hint.contains("goes on from there")), "{}", failure.render());
    // What has failed after it was made is in the state as well, to be made anew.
    assert_eq!(module.resources().await, ["terraform_data.cluster", "terraform_data.network"]);
    module.write(
        "main.tf",
        "resource \"terraform_data\" \"network\" { input = 1 }\nresource \"terraform_data\" \"cluster\" {}\n",
    );
    let tofu = module.prepared().await;
    let plan = tofu.plan(Goal::Apply).await.expect("planned");
    assert_eq!(told(&plan), ["replace terraform_data.cluster"]);
    tofu.apply(plan).await.expect("goes on");
}

#[tokio::test]
#[ignore = "needs the testbed"]
async fn a_plan_of_before_another_run_is_not_done() {
    let module = Module::new("resource \"terraform_data\" \"a\" { input = 1 }");
    let tofu = module.prepared().await;
    tofu.begin_state().expect("written");
    let (one, other) = (tofu.plan(Goal::Apply).await.expect("one"), tofu.plan(Goal::Apply).await.expect("other"));
    tofu.apply(one).await.expect("applied");
    let before = module.state_json();
    let failure = tofu.apply(other).await.expect_err("stale");
    assert_eq!(
        failure.message,
        "`tofu apply` has failed: another run has changed the state since it was planned; nothing was done"
    );
    assert_eq!(module.state_json(), before);
}

#[tokio::test]
#[ignore = "needs the testbed"]
async fn the_holder_of_the_lock_is_named() {
    let module = slow();
    let holder = Apply::start(&module);
    let soon = Instant::now() + Duration::from_secs(20);
    let other = OpenTofu::prepare(module.setup(), soon, &CONSOLE).await.expect("prepared");
    let failure = other.plan(Goal::Apply).await.expect_err("locked");
    assert!(failure.message.starts_with("`tofu plan` has failed: the state is locked by "), "{}", failure.render());
    assert!(failure.details[0].starts_with("OperationTypeApply, lock "), "{}", failure.render());
    holder.kill();
    // The lock is gone with its holder, whatever file is left.
    hurry(&module);
    module.apply().await.expect("goes on");
}

#[tokio::test]
#[ignore = "needs the testbed"]
async fn at_the_deadline_it_ends_by_itself_and_the_state_is_whole() {
    let module = slow();
    let start = Instant::now();
    let tofu = OpenTofu::prepare(module.setup(), start + Duration::from_secs(20), &CONSOLE).await.expect("prepared");
    tofu.begin_state().expect("written");
    let plan = tofu.plan(Goal::Apply).await.expect("planned");
    let failure = tofu.apply(plan).await.expect_err("an hour is too long");
    assert_eq!(failure.exit.code(), 4);
    assert_eq!(
        failure.message,
        "the deadline has passed: OpenTofu has ended by itself, and what it has made is in its state"
    );
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    assert!(module.resources().await.contains(&"terraform_data.first".to_owned()));
    assert_eq!(module.kept(), [("terraform.tfstate".to_owned(), 0o600)]);
    hurry(&module);
    module.apply().await.expect("goes on");
    assert_eq!(module.resources().await, ["terraform_data.first", "time_sleep.slow"]);
}
