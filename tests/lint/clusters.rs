//! The rules about clusters that steps make: the module, what it is given and made with, and what the bundle keeps of it.

use std::fs;
use std::os::unix::fs::symlink;

use tempfile::TempDir;

use super::fixture::{DOCUMENT, LOCK, found_in, nothing, only, write};

const HEAD: &str = "\
schemaVersion: 1.0.1
name: made
version: 0.1.0
registry: localhost:5000
mixins:
- backstack
parameters:
- {name: region, type: string, default: here}
credentials:
- {name: cloud, env: CLOUD_TOKEN}
- {name: token, env: TOKEN}
outputs:
- {name: kubeconfig, type: string, sensitive: true, applyTo: [install]}
- {name: network, type: string, sensitive: false, applyTo: [install]}
state:
- {name: cluster, path: state/cluster.json}
- {name: tofu, path: /cnab/app/state/terraform.tfstate}
images: {}
custom: {used: \"${ bundle.parameters.region }\"}
";

const CLUSTER: &str = "\
- backstack:
    cluster:
      opentofu:
        module: ./cluster
        variables: {region: \"${ bundle.parameters.region }\", nodes: 3}
        secrets: {key: {env: CLOUD_TOKEN}}
        environment: {LOGIN: {env: CLOUD_TOKEN}}
      state: ./state
    timeout: 40m
";

const HUB: &str = "\
- backstack:
    hub: {repository: {url: https://git.example/hub, push: {password: {env: TOKEN}}}, cluster: {kubeconfig: /home/nonroot/.kube/config}}
    timeout: 5m
";

const MODULE: &str = "\
terraform {
  required_version = \">= 1.9\"
  required_providers {
    cloud = { source = \"acme/cloud\", version = \"~> 1.2\" }
  }
}
variable \"region\" {}
variable \"nodes\" { default = 1 }
variable \"key\" { sensitive = true }
resource \"cloud_cluster\" \"hub\" { password = random_password.it.result }
resource \"terraform_data\" \"it\" {}
output \"kubeconfig\" {
  value     = cloud_cluster.hub.kubeconfig
  sensitive = true
}
output \"network\" { value = cloud_cluster.hub.network }
";

/// What pins the tools beside what pins the hub.
const TOOLS: &str = "\
- {name: tofu, type: program, version: 1.12.6, platform: linux/amd64, sha256: 'sha256:DIGEST'}
- {name: cloud, type: provider, version: 1.3.0, platform: linux/amd64, source: acme/cloud, sha256: 'sha256:DIGEST'}
";

fn tools() -> String {
    TOOLS.replace("DIGEST", &"0".repeat(64))
}

fn porter_yaml() -> String {
    let outputs = "    outputs: [{name: kubeconfig, value: kubeconfig}, {name: network, moduleOutput: network}]\n";
    let connect = CLUSTER.replace("      state: ./state\n", "      state: ./state\n      connectOnly: true\n");
    format!("{HEAD}install:\n{CLUSTER}{outputs}{HUB}upgrade:\n{CLUSTER}{HUB}uninstall:\n{connect}{HUB}{CLUSTER}")
}

/// The good bundle with one text in the place of another in one of its files.
fn bundle(file: &str, old: &str, new: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let module = MODULE.replace("{ password = random_password.it.result }", "{}");
    for (name, text) in [
        ("porter.yaml", porter_yaml()),
        ("hub.yaml", DOCUMENT.to_owned()),
        ("lock.yaml", format!("{LOCK}{}", tools())),
        ("cluster/main.tf", module),
    ] {
        assert!(name != file || text.contains(old), "{old}");
        write(folder.path(), name, &if name == file { text.replace(old, new) } else { text });
    }
    folder
}

fn found(file: &str, old: &str, new: &str) -> Vec<(u64, String)> {
    found_in(&bundle(file, old, new))
}

/// Demands that all findings are of this rule, and the first one has these words.
#[track_caller]
fn all(found: &[(u64, String)], code: u64, words: &str) {
    assert!(!found.is_empty() && found.iter().all(|it| it.0 == code), "{code}: {found:#?}");
    assert!(found[0].1.contains(words), "{words}: {found:#?}");
}

#[test]
fn nothing_is_found_in_a_good_bundle() {
    nothing(&found("porter.yaml", "made", "good"));
    // Nothing is known of what is behind templates.
    nothing(&found("porter.yaml", "./cluster", "\"${ bundle.parameters.region }\""));
}

#[test]
fn the_module_is_in_the_bundle_as_a_whole() {
    all(&found("porter.yaml", "./cluster", "./other"), 129, "the module `./other` is not in the bundle");
    all(&found("porter.yaml", "./cluster", "../cluster"), 129, "is outside of the bundle");
    all(&found("porter.yaml", "./cluster", "lock.yaml"), 129, "is no folder");
    let linked = bundle("porter.yaml", "./cluster", "linked");
    symlink("cluster", linked.path().join("linked")).expect("a link");
    all(&found_in(&linked), 129, "is behind a link");

    let calls = |source: &str| {
        bundle(
            "cluster/main.tf",
            "output \"network\"",
            &format!("module \"net\" {{ source = \"{source}\" }}\noutput \"network\""),
        )
    };
    for source in ["../net", "acme/net/cloud", "./gone", "git::https://git.example/net"] {
        let told = found_in(&calls(source));
        all(&told, 129, &format!("the module calls another one, `{source}`, that is not in its folder"));
        assert!(told[0].1.starts_with("cluster/main.tf:16:1: "), "{told:?}");
    }
    let inside = calls("./net");
    write(inside.path(), "cluster/net/main.tf", "resource \"cloud_network\" \"it\" {}\n");
    // The name of a provider is that of the module that says so.
    only(&found_in(&inside), 136, "lock.yaml pins no provider `hashicorp/cloud`");
}

#[test]
fn the_bundle_keeps_the_state() {
    let told = found("porter.yaml", "- {name: cluster, path: state/cluster.json}\n", "");
    only(&told, 130, "porter.yaml does not keep `./state/cluster.json`, so no later run knows the cluster");
    assert!(told[0].1.contains("{name: cluster, path: ./state/cluster.json}"), "{told:?}");
    let tofu = "- {name: tofu, path: /cnab/app/state/terraform.tfstate}\n";
    only(&found("porter.yaml", tofu, ""), 130, "`./state/terraform.tfstate`");
    let with_backend = bundle("porter.yaml", tofu, "");
    let porter = fs::read_to_string(with_backend.path().join("porter.yaml")).expect("there");
    write(
        with_backend.path(),
        "porter.yaml",
        &porter.replace("module: ./cluster", "module: ./cluster\n        backend: true"),
    );
    write(with_backend.path(), "cluster/backend.tf", "terraform {\n  backend \"s3\" {}\n}\n");
    nothing(&found_in(&with_backend));
}

#[test]
fn step_and_module_agree_about_variables_and_outputs() {
    let told = found("porter.yaml", "region: \"${ bundle.parameters.region }\", ", "");
    all(&told, 131, "the variable `region` of the module has no default");
    assert_eq!(told.len(), 3, "not where a step only connects: {told:#?}");
    let given = bundle("porter.yaml", "region: \"${ bundle.parameters.region }\", ", "");
    write(given.path(), "cluster/site.auto.tfvars", "region = \"here\"\n");
    nothing(&found_in(&given));

    let told = found("porter.yaml", "nodes: 3", "node: 3");
    all(&told, 132, "the module `./cluster` has no variable `node`");
    assert!(told[0].1.contains("did you mean `nodes`?"), "{told:?}");
    only(&found("porter.yaml", "moduleOutput: network", "moduleOutput: net"), 132, "no output `net`");
    all(&found("cluster/main.tf", "output \"kubeconfig\"", "output \"config\""), 132, "no output `kubeconfig`");
    // What is in a file that cannot be read may declare it.
    let json = bundle("porter.yaml", "nodes: 3", "node: 3");
    write(json.path(), "cluster/more.tf.json", "{\"variable\": {\"node\": {}}}");
    only(&found_in(&json), 139, "cluster/more.tf.json:1:1: `cluster/more.tf.json` is JSON");
    only(&found("cluster/main.tf", "output \"network\" {", "output network } {"), 139, "cluster/main.tf:16:");
}

#[test]
fn secrets_of_a_module_are_references_to_sensitive_variables() {
    let key = "secrets: {key: {env: CLOUD_TOKEN}}";
    let region = "variables: {region: \"${ bundle.parameters.region }\", nodes: 3}";
    let to_variables = |value: &str| {
        let folder = bundle("porter.yaml", key, "");
        let porter = fs::read_to_string(folder.path().join("porter.yaml")).expect("there");
        write(
            folder.path(),
            "porter.yaml",
            &porter.replace(region, &region.replace("nodes: 3", &format!("key: {value}"))),
        );
        found_in(&folder)
    };
    all(&to_variables("\"${ bundle.parameters.region }\""), 133, "the module declares the variable `key` sensitive");
    let written = to_variables("planted");
    all(&written, 109, "the module declares the variable `key` sensitive");
    assert!(!format!("{written:?}").contains("planted"), "{written:?}");
    let named = found("porter.yaml", "nodes: 3", "nodes: 3, adminPassword: planted-1");
    assert!(
        named.iter().any(|it| it.0 == 109 && it.1.contains("variables.adminPassword` holds a secret")),
        "{named:#?}"
    );
    assert!(!format!("{named:?}").contains("planted"), "{named:?}");

    all(&found("cluster/main.tf", "{ sensitive = true }", "{}"), 134, "does not declare the variable `key` sensitive");
    all(&found("porter.yaml", key, "secrets: {key: planted}"), 109, "cluster.opentofu.secrets.key");
    all(
        &found("porter.yaml", "{LOGIN: {env: CLOUD_TOKEN}}", "{LOGIN: {env: CLOUD_TOKE}}"),
        111,
        "environment.LOGIN.env",
    );

    let told = found(
        "cluster/main.tf",
        "variable \"nodes\" { default = 1 }",
        "variable \"password\" { default = \"planted\" }\nvariable \"nodes\" {\n  default = 1\n}",
    );
    only(&told, 140, "cluster/main.tf:8:34: `variable[1].default` holds a secret");
    assert!(!format!("{told:?}").contains("planted"), "{told:?}");
    let values = bundle("porter.yaml", "made", "good");
    write(values.path(), "cluster/terraform.tfvars", "nodes = 2\napi_token = \"planted\"\n");
    only(&found_in(&values), 140, "cluster/terraform.tfvars:2:14: `api_token` holds a secret");
}

#[test]
fn the_state_is_in_one_place() {
    all(&found("porter.yaml", "module: ./cluster", "module: ./cluster\n        backend: true"), 135, "it names none");
    all(&found("cluster/main.tf", "terraform {", "terraform {\n  backend \"s3\" {}"), 135, "keeps its state in `s3`");
}

#[test]
fn the_lock_pins_what_the_steps_run() {
    let lock = |old: &str, new: &str| found("lock.yaml", old, new);
    let (tofu, cloud) =
        (tools().lines().next().expect("one").to_owned(), tools().lines().nth(1).expect("two").to_owned());
    only(&lock(&tofu, ""), 136, "lock.yaml pins no program `tofu`");
    only(&lock(&cloud, ""), 136, "cluster/main.tf:4:5: lock.yaml pins no provider `acme/cloud`");
    only(&lock("1.3.0", "1.1.9"), 136, "the module wants `acme/cloud` ~> 1.2, and lock.yaml pins 1.1.9");
    only(&lock("1.12.6", "1.8.0"), 136, "the module wants OpenTofu >= 1.9, and lock.yaml pins 1.8.0");
    let both = format!("{tofu}\n{}", tofu.replace("amd64", "arm64"));
    only(&lock(&tofu, &both), 136, "lock.yaml pins `tofu` for linux/arm64, and not the provider `acme/cloud`");
    only(
        &lock(&tofu, &format!("{tofu}\n{}", tofu.replace("name: tofu", "name: kind"))),
        116,
        "no step of the bundle uses the pin `kind`",
    );
    only(&found("cluster/main.tf", "\"terraform_data\"", "\"time_sleep\""), 136, "no provider `hashicorp/time`");

    let locked = bundle("porter.yaml", "made", "good");
    let dependencies = |version: &str, hash: &str| {
        let host = found_host();
        let text =
            format!("provider \"{host}/acme/cloud\" {{\n  version = \"{version}\"\n  hashes = [\"h1:x\"{hash}]\n}}\n");
        write(locked.path(), "cluster/.terraform.lock.hcl", &text);
        found_in(&locked)
    };
    nothing(&dependencies("1.3.0", ""));
    nothing(&dependencies("1.3.0", &format!(", \"zh:{}\"", "0".repeat(64))));
    only(&dependencies("1.2.0", ""), 136, ".terraform.lock.hcl has version 1.2.0 of `cloud`, lock.yaml pins 1.3.0");
    only(&dependencies("1.3.0", ", \"zh:00\""), 136, ".terraform.lock.hcl takes zh:00");
}

/// The host of a provider whose source names none.
fn found_host() -> String {
    let address = backstack::schema::ProviderAddress::parse("acme/cloud").expect("an address");
    address.host
}

#[test]
fn kind_needs_an_engine_and_its_program() {
    let module = "opentofu:\n        module: ./cluster\n        variables: {region: \"${ bundle.parameters.region }\", nodes: 3}\n        secrets: {key: {env: CLOUD_TOKEN}}\n        environment: {LOGIN: {env: CLOUD_TOKEN}}\n";
    let kind = bundle("porter.yaml", module, "kind: {name: hub}\n");
    let porter = fs::read_to_string(kind.path().join("porter.yaml"))
        .expect("there")
        .replace(", {name: network, moduleOutput: network}", "")
        .replace("- {name: network, type: string, sensitive: false, applyTo: [install]}\n", "");
    write(kind.path(), "porter.yaml", &porter);
    let lock = fs::read_to_string(kind.path().join("lock.yaml")).expect("there");
    let (hub, tofu) = lock.split_at(lock.find("- {name: tofu").expect("there"));
    write(kind.path(), "lock.yaml", hub);
    let told = found_in(&kind);
    assert_eq!(told.iter().map(|it| it.0).collect::<Vec<_>>(), [137, 136], "{told:#?}");
    write(kind.path(), "porter.yaml", &porter.replace("images: {}", "images: {}\nrequired:\n- docker: {}"));
    let program = tofu.lines().next().expect("one").replace("tofu", "kind");
    write(kind.path(), "lock.yaml", &format!("{hub}{program}\n"));
    nothing(&found_in(&kind));
}

#[test]
fn a_secret_is_not_handed_back_in_the_open() {
    only(
        &found("porter.yaml", "type: string, sensitive: true", "type: string"),
        138,
        "`kubeconfig` holds the kubeconfig",
    );
    let (open, secret) = ("output \"network\" { value", "output \"network\" {\n  sensitive = true\n  value");
    let closed = MODULE.lines().last().expect("a line").replace(open, secret).replace(" }", "\n}");
    let told = found("cluster/main.tf", MODULE.lines().last().expect("a line"), &closed);
    only(&told, 138, "`network` holds the sensitive output `network` of the module");
}

#[test]
fn every_action_reaches_the_cluster_and_uninstall_takes_it_last() {
    let (porter, connect) = (porter_yaml(), CLUSTER.replace("./state\n", "./state\n      connectOnly: true\n"));
    let actions = |old: &str, new: &str| found("porter.yaml", old, new);
    only(
        &actions(&format!("uninstall:\n{connect}"), "uninstall:\n"),
        141,
        "no step of `uninstall` before it writes the kubeconfig",
    );
    all(
        &actions(&format!("uninstall:\n{connect}"), &format!("uninstall:\n{CLUSTER}")),
        113,
        "takes the cluster before the hub",
    );
    assert!(porter.ends_with(&format!("{HUB}{CLUSTER}")));
    only(&actions(&format!("{connect}{HUB}{CLUSTER}"), &format!("{connect}{HUB}")), 107, "leaves it running");
    let told = actions(&format!("upgrade:\n{CLUSTER}"), "upgrade:\n");
    assert_eq!(told.iter().map(|it| it.0).collect::<Vec<_>>(), [141, 114], "{told:#?}");
    only(&actions("uninstall:\n", &format!("status:\n{HUB}uninstall:\n")), 141, "no step of `status`");
    nothing(&actions("uninstall:\n", &format!("status:\n{CLUSTER}{HUB}uninstall:\n")));
}
