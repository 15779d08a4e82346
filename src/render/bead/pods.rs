//! The pods of a bead, held against the Pod Security Standards.
//!
//! Source: `k8s.io/pod-security-admission/policy` 0.37.2, which an API server runs. Its lists grow with the versions of
//! Kubernetes. Here is the shortest one since 1.30 of each, so what passes here passes on every hub.

use serde_json::Value;

use super::piece::Piece;
use crate::document::PodSecurity;
use crate::object::{items, str_at};
use crate::report::Diagnostic;
use crate::words::MAKING_PODS;

/// The kinds that make pods, without the places of these.
pub const KINDS_WITH_PODS: &[(&str, &str)] = &{
    let mut kinds = [("", ""); MAKING_PODS.len()];
    let mut index = 0;
    while index < kinds.len() {
        kinds[index] = (MAKING_PODS[index].0, MAKING_PODS[index].1);
        index += 1;
    }
    kinds
};
const CONTAINERS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];
const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";
const SYSCTLS: [&str; 10] = [
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
];
const CAPABILITIES: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];
const SELINUX_TYPES: [&str; 4] = ["", "container_t", "container_init_t", "container_kvm_t"];
const PROFILES: [&str; 2] = ["RuntimeDefault", "Localhost"];
const RESTRICTED_VOLUMES: [&str; 9] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

/// The pod that an object makes, and its place in the object.
pub fn pod_of(piece: &Piece) -> Option<(&Value, &'static str)> {
    let (_, _, at) =
        MAKING_PODS.iter().find(|(group, kind, _)| (*group, *kind) == (piece.group(), piece.text("/kind")))?;
    Some((piece.object.pointer(at)?, at))
}

/// What the pods of an object ask for beyond a level, a field each with its value.
pub fn beyond(level: PodSecurity, piece: &Piece) -> Vec<String> {
    let Some((pod, at)) = pod_of(piece) else { return Vec::new() };
    let mut look = Look { found: Vec::new(), at: at.trim_start_matches('/').replace('/', ".") };
    match level {
        PodSecurity::Privileged => {}
        PodSecurity::Baseline => look.baseline(pod),
        PodSecurity::Restricted => {
            look.baseline(pod);
            look.restricted(pod);
        }
    }
    look.found
}

/// The same as mistakes, each with its remedy: the namespace of the bead would not let the pods in.
pub fn excess(level: PodSecurity, piece: &Piece) -> Vec<Diagnostic> {
    let remedy = match level {
        PodSecurity::Restricted => {
            "declare `permissions.podSecurity: baseline`, or `privileged`, which somebody must accept"
        }
        _ => "take it out, or declare `permissions.podSecurity: privileged`, which somebody must accept",
    };
    let said = beyond(level, piece).into_iter().map(|field| {
        let message = format!("{}: {field}, which is beyond the level {} of its pods", piece.title(), level.name());
        piece.mistake(message).hint(remedy)
    });
    said.collect()
}

struct Look {
    found: Vec<String>,
    at: String,
}

impl Look {
    fn say(&mut self, field: &str, what: &str) {
        let separator = if self.at.is_empty() { "" } else { "." };
        self.found.push(format!("{}{separator}{field} {what}", self.at));
    }

    /// Whether a field says yes; whatever is neither no nor nothing does.
    fn must_not(&mut self, of: &Value, at: &str, field: &str) {
        if is_set(of.pointer(field)) && of.pointer(field) != Some(&Value::Bool(false)) {
            self.say(&format!("{at}{}", dotted(field)), "is true");
        }
    }

    fn must_be_one_of(&mut self, of: &Value, at: &str, field: &str, allowed: &[&str]) {
        let Some(value) = of.pointer(field).filter(|it| !it.is_null()) else { return };
        if !value.as_str().is_some_and(|text| allowed.contains(&text)) {
            self.say(&format!("{at}{}", dotted(field)), &format!("is {}", text(value)));
        }
    }

    fn baseline(&mut self, pod: &Value) {
        for (key, value) in pod.pointer("/metadata/annotations").and_then(Value::as_object).into_iter().flatten() {
            let profile = value.as_str().unwrap_or_default();
            let is_allowed = ["", "runtime/default"].contains(&profile) || profile.starts_with("localhost/");
            if key.starts_with(APP_ARMOR) && !is_allowed {
                self.say(&format!("metadata.annotations[{key}]"), &format!("is {profile}"));
            }
        }
        for field in ["/hostNetwork", "/hostPID", "/hostIPC"] {
            self.must_not(&pod["spec"], "spec", field);
        }
        for (index, volume) in items(pod, "/spec/volumes").enumerate() {
            if is_set(volume.get("hostPath")) {
                let path = str_at(volume, "/hostPath/path");
                self.say(&format!("spec.volumes[{index}].hostPath"), &format!("is {path} of the node"));
            }
        }
        for (index, sysctl) in items(pod, "/spec/securityContext/sysctls").enumerate() {
            let name = str_at(sysctl, "/name");
            if !SYSCTLS.contains(&name) {
                self.say(&format!("spec.securityContext.sysctls[{index}].name"), &format!("is {name}"));
            }
        }
        self.security_context(&pod["spec"]["securityContext"], "spec.securityContext");
        for (at, container) in containers(pod) {
            let context = &container["securityContext"];
            let at_context = format!("{at}.securityContext");
            self.must_not(context, &at_context, "/privileged");
            self.must_be_one_of(context, &at_context, "/procMount", &["Default"]);
            self.security_context(context, &at_context);
            self.added(context, &at_context, &CAPABILITIES);
            for (index, port) in items(container, "/ports").enumerate() {
                if let Some(port) = port.get("hostPort").filter(|it| !it.is_null() && **it != 0) {
                    self.say(&format!("{at}.ports[{index}].hostPort"), &format!("is {}", text(port)));
                }
            }
            self.hosts(container, &at);
        }
    }

    /// What pods and containers say alike.
    fn security_context(&mut self, context: &Value, at: &str) {
        self.must_not(context, at, "/windowsOptions/hostProcess");
        self.must_be_one_of(context, at, "/seLinuxOptions/type", &SELINUX_TYPES);
        self.must_be_one_of(context, at, "/seLinuxOptions/user", &[""]);
        self.must_be_one_of(context, at, "/seLinuxOptions/role", &[""]);
        self.must_be_one_of(context, at, "/seccompProfile/type", &PROFILES);
        self.must_be_one_of(context, at, "/appArmorProfile/type", &PROFILES);
    }

    fn added(&mut self, context: &Value, at: &str, allowed: &[&str]) {
        for (index, capability) in items(context, "/capabilities/add").enumerate() {
            if !capability.as_str().is_some_and(|it| allowed.contains(&it)) {
                self.say(&format!("{at}.capabilities.add[{index}]"), &format!("is {}", text(capability)));
            }
        }
    }

    /// The hosts that the node asks in the name of the container: any address within its reach.
    fn hosts(&mut self, container: &Value, at: &str) {
        for by in ["livenessProbe", "readinessProbe", "startupProbe", "lifecycle/postStart", "lifecycle/preStop"] {
            for way in ["httpGet", "tcpSocket"] {
                self.must_be_one_of(container, at, &format!("/{by}/{way}/host"), &[""]);
            }
        }
    }

    fn restricted(&mut self, pod: &Value) {
        for (index, volume) in items(pod, "/spec/volumes").enumerate() {
            let sources = volume.as_object().into_iter().flatten().filter(|(key, it)| *key != "name" && !it.is_null());
            for (source, _) in
                sources.filter(|(key, _)| !RESTRICTED_VOLUMES.contains(&key.as_str()) && *key != "hostPath")
            {
                self.say(
                    &format!("spec.volumes[{index}].{source}"),
                    "is a sort of volume that the level does not know",
                );
            }
        }
        let of_pod = &pod["spec"]["securityContext"];
        let (no_root, no_root_at) = ("/runAsNonRoot", "securityContext.runAsNonRoot");
        if of_pod.pointer(no_root) == Some(&Value::Bool(false)) {
            self.say(&format!("spec.{no_root_at}"), "is false");
        }
        self.must_not_be_root(of_pod, "spec.securityContext");
        for (at, container) in containers(pod) {
            let context = &container["securityContext"];
            self.must_not_be_root(context, &format!("{at}.securityContext"));
            let own = context.pointer(no_root).filter(|it| !it.is_null());
            if own.or_else(|| of_pod.pointer(no_root)) != Some(&Value::Bool(true)) {
                self.say(&format!("{at}.{no_root_at}"), "is not true");
            }
            self.added(context, &format!("{at}.securityContext"), &["NET_BIND_SERVICE"]);
            if str_at(pod, "/spec/os/name") == "windows" {
                continue;
            }
            if context.get("allowPrivilegeEscalation") != Some(&Value::Bool(false)) {
                self.say(&format!("{at}.securityContext.allowPrivilegeEscalation"), "is not false");
            }
            if !items(context, "/capabilities/drop").any(|it| it == "ALL") {
                self.say(&format!("{at}.securityContext.capabilities.drop"), "lacks ALL");
            }
            let profile = |context: &Value| is_set(context.pointer("/seccompProfile/type"));
            if !profile(context) && !profile(of_pod) {
                self.say(&format!("{at}.securityContext.seccompProfile"), "is not set");
            }
        }
        // Both levels look at what is added.
        self.found.sort();
        self.found.dedup();
    }

    fn must_not_be_root(&mut self, context: &Value, at: &str) {
        if context.get("runAsUser").is_some_and(|it| *it == 0) {
            self.say(&format!("{at}.runAsUser"), "is 0");
        }
    }
}

/// The containers of a pod, each with its place.
fn containers(pod: &Value) -> impl Iterator<Item = (String, &Value)> {
    CONTAINERS.iter().flat_map(move |list| {
        let each = items(pod, &format!("/spec/{list}")).enumerate();
        each.map(move |(index, container)| (format!("spec.{list}[{index}]"), container))
    })
}

fn is_set(value: Option<&Value>) -> bool {
    value.is_some_and(|it| !it.is_null())
}

fn dotted(pointer: &str) -> String {
    pointer.replace('/', ".")
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
