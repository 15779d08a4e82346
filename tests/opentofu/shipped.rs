//! The module of `hubs/openstack`, as far as it can be tried without a cloud: by the real provider.

use std::process::Command;

use backstack_testbed::opentofu::OpenTofu;

use crate::support::data;

#[test]
#[ignore = "needs the testbed"]
fn the_module_for_openstack_is_what_the_provider_takes() {
    let real = OpenTofu::ensure_for_openstack().expect("OpenTofu and the provider are built");
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().display();
    let rc = format!("provider_installation {{\n  filesystem_mirror {{ path = \"{}\" }}\n}}\n", real.mirror.display());
    std::fs::write(folder.path().join("tofurc"), rc).expect("written");
    let copied = Command::new("cp").arg("-r").arg(data("bundles/hubs/openstack/cluster")).arg(folder.path()).status();
    assert!(copied.expect("cp starts").success());
    let tofu = |args: &[&str]| {
        let mut command = Command::new(&real.program);
        command.arg(format!("-chdir={place}/cluster")).args(args).env_clear().env("HOME", folder.path());
        let output = command.env("TF_CLI_CONFIG_FILE", folder.path().join("tofurc")).output().expect("tofu starts");
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    tofu(&["fmt", "-check", "-no-color"]);
    assert!(
        tofu(&["init", "-no-color", "-input=false"]).contains("v3.4.0"),
        "the version that the module and lock.yaml pin"
    );
    assert!(tofu(&["validate", "-no-color"]).contains("The configuration is valid"));
}
