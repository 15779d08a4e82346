//! Fields, labels and annotations by which objects of harmless kinds reach beyond the namespace of the bead.

use super::said;

fn object(version: &str, kind: &str, metadata: &str, rest: &str) -> String {
    format!("{{apiVersion: {version}, kind: {kind}, metadata: {{name: p, {metadata}}}, {rest}}}")
}

fn assert_lines(cases: &[(String, &str)]) {
    for (manifest, line) in cases {
        assert_eq!(said(manifest, ""), [*line], "{manifest}");
    }
}

#[test]
fn an_ingress_that_reaches_into_its_controller_or_to_others_is_asked_for() {
    let ingress = |annotations: &str, spec: &str| {
        object(
            "networking.k8s.io/v1",
            "Ingress",
            &format!("annotations: {{{annotations}}}"),
            &format!("spec: {{{spec}}}"),
        )
    };
    assert_lines(&[
        (
            ingress("nginx.ingress.kubernetes.io/server-snippet: x", ""),
            "Ingress p: writes configuration of the controller that serves it, which reads all Secrets, by \
             nginx.ingress.kubernetes.io/server-snippet",
        ),
        (
            ingress("haproxy.org/backend-config-snippet: x", ""),
            "Ingress p: writes configuration of the controller that serves it, which reads all Secrets, by \
             haproxy.org/backend-config-snippet",
        ),
        (
            ingress("nginx.ingress.kubernetes.io/auth-tls-secret: argocd/argocd-secret", ""),
            "Ingress p: uses argocd/argocd-secret, which is in another namespace, by \
             nginx.ingress.kubernetes.io/auth-tls-secret",
        ),
        (
            ingress("traefik.ingress.kubernetes.io/router.middlewares: 'a@file,argocd-auth@kubernetescrd'", ""),
            "Ingress p: uses argocd-auth@kubernetescrd, which is in another namespace, by \
             traefik.ingress.kubernetes.io/router.middlewares",
        ),
        (ingress("", "rules: [{host: '*.example.org'}]"), "Ingress p: answers all hosts of *.example.org"),
        (
            ingress("", "rules: [{http: {}}]"),
            "Ingress p: answers every host that nobody else serves, by a rule without one",
        ),
        (
            ingress("", "defaultBackend: {service: {name: a}}"),
            "Ingress p: answers every host that nobody else serves, by its default backend",
        ),
    ]);
    let ordinary = "nginx.ingress.kubernetes.io/rewrite-target: /$2, nginx.ingress.kubernetes.io/custom-headers: x/headers, \
                    nginx.ingress.kubernetes.io/whitelist-source-range: '10.0.0.0/8,192.168.0.0/16', \
                    nginx.ingress.kubernetes.io/auth-url: 'https://a.example.org/b', cert-manager.io/cluster-issuer: le, \
                    example.org/owner: team@example.org";
    let ordinary = ingress(ordinary, "rules: [{host: a.example.org}]");
    assert_eq!(said(&ordinary, ""), [""; 0]);
}

#[test]
fn a_claim_to_what_is_there_already_is_asked_for_wherever_it_stands() {
    let claim = |spec: &str| object("v1", "PersistentVolumeClaim", "", &format!("spec: {{{spec}}}"));
    let pod = |spec: &str| {
        let volume = format!("{{name: v, ephemeral: {{volumeClaimTemplate: {{spec: {{{spec}}}}}}}}}");
        object("apps/v1", "Deployment", "", &format!("spec: {{template: {{spec: {{volumes: [{volume}]}}}}}}"))
    };
    let set = "spec: {volumeClaimTemplates: [{metadata: {name: a}, spec: {volumeName: v}}]}";
    assert_lines(&[
        (object("apps/v1", "StatefulSet", "", set), "StatefulSet p: gets PersistentVolume v with what is on it"),
        (pod("volumeName: v"), "Deployment p: gets PersistentVolume v with what is on it"),
        (
            claim("selector: {matchLabels: {a: b}}, storageClassName: ''"),
            "PersistentVolumeClaim p: gets a PersistentVolume that is there already, with what is on it",
        ),
        (
            claim("dataSourceRef: {kind: PersistentVolumeClaim, name: data, namespace: shop}"),
            "PersistentVolumeClaim p: gets what is in PersistentVolumeClaim shop/data",
        ),
    ]);
    let ordinary = claim("storageClassName: fast, dataSourceRef: {kind: PersistentVolumeClaim, name: data}");
    assert_eq!(said(&ordinary, ""), [""; 0]);
}

#[test]
fn what_controllers_of_others_act_by_is_asked_for() {
    let pod = |spec: &str| object("v1", "Pod", "", &format!("spec: {{{spec}}}"));
    assert_lines(&[
        (
            object("v1", "ServiceAccount", "annotations: {eks.amazonaws.com/role-arn: r}", ""),
            "ServiceAccount p: eks.amazonaws.com/role-arn r: its pods act in the cloud, with the rights of the account that it \
             names",
        ),
        (
            object("v1", "Secret", "annotations: {replicator.v1.mittwald.de/replicate-from: a/b}", ""),
            "Secret p: replicator.v1.mittwald.de/replicate-from a/b: gets a copy of what it names, if that is in another \
             namespace and may be copied",
        ),
        (
            object("v1", "ConfigMap", "labels: {grafana_dashboard: '1'}", ""),
            "ConfigMap p: grafana_dashboard 1: the Grafana that looks for it takes it in",
        ),
        (pod("priorityClassName: high"), "Pod p: displaces pods of others, by the priority high"),
        (pod("nodeName: a"), "Pod p: runs on node a, whatever its taints keep away"),
    ]);
}

#[test]
fn what_the_namespace_says_to_others_is_asked_for() {
    let namespace = |metadata: &str| format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: x, {metadata}}}}}");
    for (key, value, what) in [
        ("admission.gatekeeper.sh/ignore", "yes", "label"),
        ("istio-injection", "disabled", "label"),
        ("scheduler.alpha.kubernetes.io/node-selector", "a=b", "annotation"),
    ] {
        let line = format!("Namespace x: {what} {key}: {value}: whoever goes by it treats all of the namespace by it");
        assert_eq!(said(&namespace(&format!("{what}s: {{{key}: '{value}'}}")), ""), [line]);
    }
    let ordinary = "labels: {app.kubernetes.io/part-of: shop, kubernetes.io/metadata.name: x}, annotations: {description: \
                    shop}";
    assert_eq!(said(&namespace(ordinary), ""), [""; 0]);
}

/// What web applications are made of: a list that is never empty nobody reads.
#[test]
fn an_honest_web_application_has_no_privilege() {
    const APP: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    metadata: {annotations: {prometheus.io/scrape: 'true', checksum/config: abc}}
    spec:
      serviceAccountName: web
      volumes: [{name: d, persistentVolumeClaim: {claimName: d}}, {name: t, emptyDir: {}}]
      containers: [{name: c, image: 'r.example.org/a:v1'}]
---
apiVersion: v1
kind: Service
metadata: {name: web, annotations: {external-dns.alpha.kubernetes.io/hostname: w.example.org}}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, annotations: {cert-manager.io/cluster-issuer: le, nginx.ingress.kubernetes.io/proxy-body-size: 8m}}
spec: {ingressClassName: nginx, tls: [{hosts: [w.example.org], secretName: t}], rules: [{host: w.example.org}]}
---
{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: web}}
---
{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: web}, spec: {maxUnavailable: 1}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: web}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: web}
rules:
- {apiGroups: [coordination.k8s.io], resources: [leases], verbs: ['*']}
- {apiGroups: [''], resources: [events], verbs: [create, patch]}
- {apiGroups: [''], resources: [configmaps, pods, pods/log, endpoints, services], verbs: [get, list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: web}
subjects: [{kind: ServiceAccount, name: web, namespace: x}]
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: web}, data: {a: b}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: d}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: c}
spec: {jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}}}
";
    assert_eq!(said(APP, ""), [""; 0]);
}
