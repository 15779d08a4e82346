//! Pods, held against the levels of the Pod Security Standards as a real API server holds them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use backstack::words::MAKING_PODS;
use serde_json::{Value, json};

use super::bead;
use crate::support::shared_api::SharedApi;

/// A change to a pod that is within `restricted`, each with its place.
type Change = (&'static str, Value);

/// Pods by what is changed in them. Only newer versions of Kubernetes allow what is marked.
fn pods() -> Vec<(Vec<Change>, bool)> {
    let context = |field: &'static str, value: Value| vec![(field, value)];
    let of_all = [
        context("/metadata/labels", json!({"a": "b"})),
        context("/spec/hostNetwork", json!(true)),
        context("/spec/hostPID", json!(true)),
        context("/spec/hostIPC", json!(true)),
        context("/spec/hostPID", json!(false)),
        context("/spec/volumes", json!([{"name": "v", "hostPath": {"path": "/"}}])),
        context("/spec/volumes", json!([{"name": "v", "nfs": {"server": "s", "path": "/"}}])),
        context("/spec/volumes", json!([{"name": "v"}, {"name": "w", "emptyDir": {}}])),
        context("/spec/volumes", json!([{"name": "v", "csi": {"driver": "d"}}])),
        context("/spec/volumes", json!([{"name": "v", "secret": {"secretName": "s"}}])),
        context("/spec/securityContext/sysctls", json!([{"name": "kernel.msgmax", "value": "1"}])),
        context("/spec/securityContext/sysctls", json!([{"name": "net.ipv4.tcp_keepalive_time", "value": "1"}])),
        context("/spec/securityContext/seccompProfile", json!({"type": "Unconfined"})),
        context("/spec/securityContext/seccompProfile", json!({"type": "Localhost", "localhostProfile": "p"})),
        context("/spec/securityContext/seccompProfile", json!(null)),
        context("/spec/containers/0/securityContext/seccompProfile", json!({"type": "Unconfined"})),
        context("/spec/securityContext/appArmorProfile", json!({"type": "Unconfined"})),
        context("/spec/containers/0/securityContext/appArmorProfile", json!({"type": "Unconfined"})),
        context("/spec/containers/0/securityContext/appArmorProfile", json!({"type": "RuntimeDefault"})),
        context("/metadata/annotations", json!({"container.apparmor.security.beta.kubernetes.io/c": "unconfined"})),
        context(
            "/metadata/annotations",
            json!({"container.apparmor.security.beta.kubernetes.io/c": "runtime/default"}),
        ),
        context("/spec/securityContext/seLinuxOptions", json!({"type": "spc_t"})),
        context("/spec/securityContext/seLinuxOptions", json!({"type": "container_t", "level": "s0"})),
        context("/spec/containers/0/securityContext/seLinuxOptions", json!({"user": "root"})),
        context("/spec/containers/0/securityContext/seLinuxOptions", json!({"role": "r"})),
        context("/spec/containers/0/securityContext/procMount", json!("Default")),
        context("/spec/containers/0/securityContext/capabilities/add", json!(["NET_ADMIN"])),
        context("/spec/containers/0/securityContext/capabilities/add", json!(["NET_RAW", "CHOWN"])),
        context("/spec/containers/0/securityContext/capabilities/add", json!(["CHOWN"])),
        context("/spec/containers/0/securityContext/capabilities/add", json!(["NET_BIND_SERVICE"])),
        context("/spec/containers/0/securityContext/capabilities/drop", json!(["CHOWN"])),
        context("/spec/containers/0/securityContext/capabilities", json!(null)),
        context("/spec/containers/0/securityContext", json!({"privileged": true, "allowPrivilegeEscalation": true})),
        context("/spec/containers/0/securityContext", json!({"privileged": false})),
        context("/spec/containers/0/securityContext/allowPrivilegeEscalation", json!(null)),
        context("/spec/containers/0/securityContext/allowPrivilegeEscalation", json!(true)),
        context("/spec/containers/0/ports", json!([{"containerPort": 80, "hostPort": 80}])),
        context("/spec/containers/0/ports", json!([{"containerPort": 80, "hostPort": 0}])),
        context("/spec/containers/0/livenessProbe", json!({"httpGet": {"port": 80, "path": "/"}})),
        context("/spec/securityContext/runAsNonRoot", json!(null)),
        context("/spec/securityContext/runAsNonRoot", json!(false)),
        context("/spec/containers/0/securityContext/runAsNonRoot", json!(false)),
        context("/spec/securityContext/runAsUser", json!(0)),
        context("/spec/containers/0/securityContext/runAsUser", json!(0)),
        context("/spec/containers/0/securityContext/runAsUser", json!(7)),
        context("/spec/initContainers", json!([{"name": "i", "image": "i", "securityContext": {"privileged": true}}])),
        context("/spec/initContainers", json!([{"name": "i", "image": "i"}])),
        vec![
            ("/spec/hostNetwork", json!(true)),
            ("/spec/os", json!({"name": "windows"})),
            ("/spec/securityContext", json!({"windowsOptions": {"hostProcess": true}, "runAsNonRoot": true})),
            ("/spec/containers/0/securityContext", json!(null)),
        ],
        vec![
            ("/spec/os", json!({"name": "windows"})),
            ("/spec/securityContext", json!({"runAsNonRoot": true})),
            ("/spec/containers/0/securityContext", json!(null)),
        ],
    ];
    let newer = [
        context("/spec/securityContext/sysctls", json!([{"name": "net.ipv4.tcp_rmem", "value": "1"}])),
        context("/spec/securityContext/seLinuxOptions", json!({"type": "container_engine_t"})),
        vec![("/spec/hostUsers", json!(false)), ("/spec/securityContext/runAsNonRoot", json!(false))],
        vec![
            ("/spec/hostUsers", json!(false)),
            ("/spec/containers/0/securityContext/procMount", json!("Unmasked")),
            ("/spec/containers/0/securityContext/runAsUser", json!(0)),
        ],
    ];
    // Older ones allow these.
    let hosts = ["livenessProbe", "readinessProbe", "startupProbe"].map(|probe| {
        let at = [
            "/spec/containers/0/livenessProbe",
            "/spec/containers/0/readinessProbe",
            "/spec/containers/0/startupProbe",
        ];
        let at = at.into_iter().find(|it| it.ends_with(probe)).expect("one of them");
        vec![(at, json!({"tcpSocket": {"host": "10.0.0.1", "port": 80}}))]
    });
    let stop = context(
        "/spec/containers/0/lifecycle",
        json!({"preStop": {"httpGet": {"host": "10.0.0.1", "port": 80, "path": "/"}}}),
    );
    let all = of_all.into_iter().chain(hosts).chain([stop]);
    all.map(|it| (it, false)).chain(newer.into_iter().map(|it| (it, true))).collect()
}

/// A pod within `restricted`, with these changes.
fn pod(name: &str, namespace: &str, changes: &[Change]) -> Value {
    let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace}, "spec": {
        "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [{"name": "c", "image": "i", "securityContext": {
            "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}}}],
    }});
    for (at, value) in changes {
        let (parent, field) = at.rsplit_once('/').expect("a place");
        pod.pointer_mut(parent).unwrap_or_else(|| panic!("{parent}"))[field] = value.clone();
    }
    pod
}

/// What the server says of all pods, in a namespace that enforces a level: whether it takes each.
fn taken(api: &SharedApi, level: &str) -> Vec<bool> {
    let namespace = format!("{}-{level}", api.namespace);
    let all = pods();
    api.apply(&format!(
        "{{apiVersion: v1, kind: Namespace, metadata: {{name: {namespace}, labels: {{pod-security.kubernetes.io/enforce: \
         {level}}}}}}}\n---\n{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: default, namespace: {namespace}}}}}\n"
    ));
    let mut text = String::new();
    for (index, (changes, _)) in all.iter().enumerate() {
        writeln!(text, "---\n{}", pod(&format!("pod-{index}"), &namespace, changes)).expect("a text");
    }
    let said = api.try_apply(&text, &["--dry-run=server"]).expect_err("some are refused");
    let of_pod = |index: usize| said.lines().find(|line| line.contains(&format!("pods \"pod-{index}\"")));
    let refused = said.lines().filter(|line| line.contains("violates PodSecurity")).count();
    assert_eq!(refused, said.lines().filter(|line| line.starts_with("Error")).count(), "nothing else is wrong: {said}");
    (0..all.len()).map(|index| of_pod(index).is_none()).collect()
}

/// Every control of both levels is asked of a real API server, too: what passes here passes there, and what is refused there
/// is refused here, by its field.
#[test]
#[ignore = "needs the testbed"]
fn pods_are_judged_as_a_real_api_server_judges_them() {
    let api = SharedApi::namespaced("pods");
    let mut stricter = BTreeSet::new();
    for level in ["baseline", "restricted"] {
        let taken = taken(&api, level);
        assert!(taken.iter().any(|it| *it) && taken.iter().any(|it| !*it), "{level}: {taken:?}");
        for (index, ((changes, is_newer), by_server)) in pods().iter().zip(taken).enumerate() {
            let passes = bead(&pod("p", "x", changes).to_string(), &format!("podSecurity: {level}")).is_ok();
            assert!(by_server || !passes, "{level}: it takes no {changes:?}");
            assert!(passes || !by_server || *is_newer, "{level}: it takes {changes:?}");
            stricter.extend((by_server && !passes).then_some(index));
        }
    }
    let newer = pods().into_iter().enumerate().filter(|(_, (_, is_newer))| *is_newer).map(|(index, _)| index);
    assert_eq!(stricter, newer.collect(), "only newer ones take these");
}

/// Whatever makes a pod is looked at, with the containers that begin before and come after.
#[test]
fn pods_are_found_in_every_kind_that_makes_them() {
    let privileged = json!([{"name": "c", "image": "i", "securityContext": {"privileged": true}}]);
    let spec = json!({"containers": privileged, "initContainers": privileged, "ephemeralContainers": privileged,
        "volumes": [{"name": "v", "hostPath": {"path": "/"}}], "hostPID": true});
    for (group, kind, at) in MAKING_PODS {
        let version = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
        let mut object = json!({"apiVersion": version, "kind": kind, "metadata": {"name": "p", "namespace": "x"}});
        let mut place = &mut object;
        for key in at.split('/').filter(|key| !key.is_empty()) {
            place[key] = json!({});
            place = &mut place[key];
        }
        place["spec"] = spec.clone();
        let manifest = object.to_string();
        let failure = bead(&manifest, "").expect_err(kind);
        let said: Vec<String> = failure.diagnostics.iter().map(|it| it.message.clone()).collect();
        let below = at.trim_start_matches('/').replace('/', ".");
        let below = if below.is_empty() { below } else { below + "." };
        let fields = [
            "spec.hostPID is true",
            "spec.volumes[0].hostPath is / of the node",
            "spec.initContainers[0].securityContext.privileged is true",
            "spec.containers[0].securityContext.privileged is true",
            "spec.ephemeralContainers[0].securityContext.privileged is true",
        ];
        let wanted = fields.map(|it| format!("{kind} p: {below}{it}, which is beyond the level baseline of its pods"));
        assert_eq!(said, wanted);
        assert!(failure.render().contains("app/a.yaml:1:1"), "{}", failure.render());
        assert!(failure.render().contains("permissions.podSecurity: privileged"), "{}", failure.render());

        let accepted = bead(&manifest, "podSecurity: privileged").expect("declared").privileges;
        for field in fields {
            assert!(accepted.contains(&format!("{kind} p: {below}{field}")), "{field}: {accepted:?}");
        }
        assert!(accepted.iter().any(|it| it.starts_with("podSecurity privileged: nothing bounds")), "{accepted:?}");
    }
}
