//! Outputs read from objects of a real API server, by a step that only looks at the cluster.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::hub::fixture::eventually;
use crate::signals::send;
use crate::support::shared_api::SharedApi;
use crate::support::{Mixin, Run};

/// A namespace with some objects, and the folder that stands for `/` of the image.
struct Bench {
    api: SharedApi,
    root: TempDir,
}

impl Bench {
    fn new() -> Self {
        let bench = Self { api: SharedApi::namespaced("outputs"), root: tempfile::tempdir().expect("a folder") };
        bench.apply(
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: facts}, data: {a.b: \"x<y>&\\n\", empty: \"\"}}",
        );
        // /wD+ is no text in any encoding: three bytes
        bench.apply(
            "{apiVersion: v1, kind: Secret, metadata: {name: keys}, data: {token: aHVudGVyMi1sb25n, raw: /wD+}}",
        );
        bench
    }

    fn apply(&self, manifest: &str) {
        self.api.apply(manifest);
    }

    /// How an output names an object of the namespace.
    fn object(&self, kind: &str, name: &str) -> String {
        format!("object: {{apiVersion: v1, kind: {kind}, namespace: {}, name: {name}}}", self.api.namespace)
    }

    fn run(&self, action: &str, outputs: &[String]) -> Run {
        self.step(action, outputs).run()
    }

    /// A step with these outputs, a line each.
    fn step(&self, action: &str, outputs: &[String]) -> Mixin {
        let kubeconfig = self.api.kubeconfig().display();
        let lines = outputs.iter().fold(String::new(), |lines, output| lines + "      - {" + output + "}\n");
        let step = format!(
            "{action}:\n  - backstack:\n      cluster: {{existing: {{kubeconfig: {kubeconfig}}}}}\n      timeout: 10m\n      outputs:\n{lines}"
        );
        let verb = if action == "install" || action == "uninstall" {
            action.to_owned()
        } else {
            format!("invoke --action {action}")
        };
        Mixin::new(&verb).env("BACKSTACK_ROOT", self.root.path()).stdin(step)
    }

    fn output(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.outputs().join(name)).ok()
    }

    fn outputs(&self) -> PathBuf {
        self.root.path().join("cnab/app/porter/outputs")
    }
}

fn output(name: &str, rest: &str) -> String {
    format!("name: {name}, {rest}")
}

#[test]
#[ignore = "needs the testbed"]
fn fields_of_any_object_are_handed_back_byte_by_byte() {
    let bench = Bench::new();
    let config = bench.object("ConfigMap", "facts");
    let secret = bench.object("Secret", "keys");
    let run = bench.run(
        "install",
        &[
            output("text", &format!("{config}, path: \"{{.data.a\\\\.b}}\"")),
            output("json", &format!("{config}, path: .data, format: json")),
            output("quoted", &format!("{config}, path: \"{{.data['a.b']}}\", format: json")),
            output("empty", &format!("{config}, path: .data.empty")),
            output("token", &format!("{secret}, path: .data.token, decode: base64")),
            output("raw", &format!("{secret}, path: .data.raw, decode: base64")),
            output("default", &format!("{config}, path: .data.nothing, default: none")),
            output("absent", "object: {apiVersion: example.org/v1, kind: Thing, name: x}, path: .spec, default: \"\""),
            output("uid", "value: clusterUid"),
        ],
    );
    let run = run.exits(0);
    for (name, bytes) in [
        ("text", b"x<y>&\n".as_slice()),
        ("json", br#"{"a.b":"x<y>&\n","empty":""}"#),
        ("quoted", br#""x<y>&\n""#),
        ("empty", b""),
        ("token", b"hunter2-long"),
        ("raw", b"\xff\x00\xfe"),
        ("default", b"none"),
        ("absent", b""),
    ] {
        assert_eq!(bench.output(name).as_deref(), Some(bytes), "{name}\n{}", run.stderr);
    }
    assert_eq!(bench.output("uid").map(|uid| uid.len()), Some(36));
    for form in ["hunter2-long", "aHVudGVyMi1sb25n"] {
        assert!(!run.stderr.contains(form) && !run.stdout.contains(form), "{}", run.stderr);
    }
}

#[test]
#[ignore = "needs the testbed"]
fn an_output_that_cannot_be_had_is_said_by_name_and_the_others_are_written() {
    let bench = Bench::new();
    let config = bench.object("ConfigMap", "facts");
    let namespace = &bench.api.namespace;
    let run = bench.run(
        "status",
        &[
            output("there", &format!("{config}, path: .data.empty")),
            output("no-field", &format!("{config}, path: .data.nothing")),
            output("no-object", &format!("{}, path: .data", bench.object("Secret", "gone"))),
            output("no-kind", "object: {apiVersion: example.org/v1, kind: Thing, name: x}, path: .spec"),
            output("no-base64", &format!("{config}, path: \"{{.data.a\\\\.b}}\", decode: base64")),
            output("proof", "value: proof"),
        ],
    );
    let run = run
        .exits(1)
        .says("4 of the step's outputs could not be had")
        .says(&format!("output no-field could not be had: ConfigMap {namespace}/facts has no .data.nothing"))
        .says(&format!("output no-object could not be had: Secret {namespace}/gone does not exist"))
        .says("output no-kind could not be had")
        .says(&format!("output no-base64 could not be had: ConfigMap {namespace}/facts has no base64 in"))
        .says("warning: outputs that could not be had: proof (the step came to no proof; install")
        .says("hint: ");
    assert_eq!(bench.output("there").as_deref(), Some(b"".as_slice()), "{}", run.stderr);
    assert_eq!(fs::read_dir(bench.outputs()).expect("the folder").count(), 1);
}

#[test]
#[ignore = "needs the testbed"]
fn an_output_waits_for_a_value_that_comes_later_and_holds_nothing_up() {
    let bench = Bench::new();
    let config = bench.object("ConfigMap", "facts");
    let namespace = &bench.api.namespace;
    let late = bench.object("ConfigMap", "late");
    let outputs = [
        output("a", &format!("{late}, path: .data.a, wait: 5m")),
        output("b", &format!("{late}, path: .data.b, wait: 5m")),
        output("there", &format!("{config}, path: .data.empty")),
    ];
    let written = |name: &str| eventually(&format!("{name} is written"), || bench.output(name).is_some());
    let step = bench.step("install", &outputs).start();
    written("there");
    assert_eq!(bench.output("a"), None);
    bench.apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: late}, data: {a: \"1\"}}");
    written("a");
    assert_eq!(bench.output("b"), None);
    bench.apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: late}, data: {b: \"2\"}}");
    step.end().exits(0).says(&format!("ConfigMap {namespace}/late does not exist"));
    assert_eq!((bench.output("a"), bench.output("b")), (Some(b"1".to_vec()), Some(b"2".to_vec())));
}

/// What is there when a signal comes stays written.
#[test]
#[ignore = "needs the testbed"]
fn a_signal_takes_no_output_away() {
    let bench = Bench::new();
    let config = bench.object("ConfigMap", "facts");
    let secret = bench.object("Secret", "keys");
    let outputs = [
        output("never", &format!("{secret}, path: .data.nothing, wait: 1h")),
        output("there", &format!("{config}, path: \"{{.data.a\\\\.b}}\"")),
    ];
    let step = bench.step("install", &outputs).start();
    eventually("the value is written", || bench.output("there").is_some());
    send("TERM", &step.child);
    step.end().exits(143);
    assert_eq!(bench.output("there"), Some(b"x<y>&\n".to_vec()));
}

#[test]
#[ignore = "needs the testbed"]
fn a_wait_for_a_value_ends() {
    let bench = Bench::new();
    let config = bench.object("ConfigMap", "facts");
    let namespace = &bench.api.namespace;
    let started = Instant::now();
    bench
        .run(
            "install",
            &[
                output("never", &format!("{config}, path: .data.empty, wait: 3s")),
                output("x", &format!("{config}, path: .data.empty")),
            ],
        )
        .exits(4)
        .says(&format!(
            "output never could not be had: ConfigMap {namespace}/facts has nothing in .data.empty yet (waited for 3 s)"
        ));
    assert!(started.elapsed() < Duration::from_secs(120), "{:?}", started.elapsed());
    assert!(bench.output("x").is_some());
}

#[test]
#[ignore = "needs the testbed"]
fn outputs_are_handed_back_in_uninstall_and_when_the_work_failed() {
    let bench = Bench::new();
    let config = bench.object("ConfigMap", "facts");
    let field = output("text", &format!("{config}, path: .data.empty"));
    bench.run("uninstall", std::slice::from_ref(&field)).exits(0);
    assert!(bench.output("text").is_some());
    fs::remove_file(bench.outputs().join("text")).expect("removed");

    // A hub step without its document fails at once; the cluster answers all the same.
    let kubeconfig = bench.api.kubeconfig().display();
    let step = format!(
        "install:\n  - backstack:\n      hub: {{file: gone.yaml, repository: {{url: https://git.example/x}}, cluster: {{kubeconfig: {kubeconfig}}}}}\n      outputs:\n      - {{{field}}}\n      - {{name: late, {config}, path: .data.late, wait: 1h}}\n      - {{name: revision, value: revision}}\n"
    );
    let started = Instant::now();
    let run = Mixin::new("install").env("BACKSTACK_ROOT", bench.root.path()).stdin(step).run();
    run.exits(2)
        .says("cannot read gone.yaml")
        .says("warning: output late could not be had")
        .says("warning: outputs that could not be had: revision\n");
    assert!(bench.output("text").is_some());
    assert!(started.elapsed() < Duration::from_secs(120), "{:?}", started.elapsed());
}

#[test]
fn a_cluster_that_does_not_answer_is_the_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let kubeconfig = folder.path().join("config");
    // A port that was free a moment ago: nobody listens on it.
    let address = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port");
    let text = format!(
        "{{apiVersion: v1, kind: Config, current-context: c, users: [{{name: u, user: {{}}}}], \
         contexts: [{{name: c, context: {{cluster: c, user: u}}}}], \
         clusters: [{{name: c, cluster: {{server: \"http://{address}\"}}}}]}}"
    );
    fs::write(&kubeconfig, text).expect("written");
    let step = format!(
        "install:\n  - backstack:\n      hub: {{file: gone.yaml, repository: {{url: https://git.example/x}}, cluster: {{kubeconfig: {}}}}}\n      outputs: [{{name: text, object: {{apiVersion: v1, kind: ConfigMap, namespace: default, name: facts}}, path: .data}}]\n",
        kubeconfig.display()
    );
    let run = Mixin::new("install").stdin(step).run().exits(2).says("cannot read gone.yaml");
    run.says("warning: output text could not be had: ").says(&address.to_string());
}
