use serde_json::{Value, json};

use super::*;

fn pem(of: &str) -> String {
    STANDARD.encode(format!("-----BEGIN {of}-----\nplanted\n-----END {of}-----\n"))
}

fn kubeconfig(cluster: &Value, user: &Value) -> Value {
    json!({
        "current-context": "admin@a",
        "contexts": [{"name": "other", "context": {"cluster": "none", "user": "none"}},
            {"name": "admin@a", "context": {"cluster": "a", "user": "admin"}}],
        "clusters": [{"name": "a", "cluster": cluster}],
        "users": [{"name": "admin", "user": user}],
    })
}

fn taken(cluster: &Value, user: &Value, take: Take, allow_insecure: bool) -> Result<Value, Vec<String>> {
    let mut whole = json!({"server": "https://a:6443/"});
    whole.as_object_mut().expect("a mapping").extend(cluster.as_object().expect("a mapping").clone());
    let kubeconfig = kubeconfig(&whole, user);
    let context = Context::of(&kubeconfig, None, "k").expect("a context");
    let config = context.config(take, allow_insecure).map_err(|failure| failure.details)?;
    Ok(serde_json::from_str(&config.text()).expect("JSON"))
}

#[test]
fn every_form_has_its_words() {
    let (ca, cert, key) = (pem("CERTIFICATE"), pem("CERTIFICATE"), pem("PRIVATE KEY"));
    let plain = json!({"insecure": false});
    let lines = format!("{}\n{}\n", &ca[..20], &ca[20..]);
    let exec = json!({
        "command": "argocd-k8s-auth", "args": ["aws", "--cluster-name", "a"], "apiVersion": "client.authentication.k8s.io/v1",
        "env": [{"name": "AWS_REGION", "value": "eu"}], "interactiveMode": "IfAvailable", "installHint": "none",
    });
    let runs = json!({
        "command": "argocd-k8s-auth", "args": ["aws", "--cluster-name", "a"], "apiVersion": "client.authentication.k8s.io/v1",
        "env": {"AWS_REGION": "eu"},
    });
    let (nothing, token) = (json!({}), json!({"token": "t"}));
    for (cluster, user, config) in [
        (nothing.clone(), token.clone(), json!({"bearerToken": "t", "tlsClientConfig": plain})),
        (
            json!({"certificate-authority-data": lines}),
            token.clone(),
            json!({"bearerToken": "t", "tlsClientConfig": {"insecure": false, "caData": ca}}),
        ),
        (
            json!({"certificate-authority-data": ca}),
            json!({"client-certificate-data": cert, "client-key-data": key}),
            json!({"tlsClientConfig": {"insecure": false, "caData": ca, "certData": cert, "keyData": key}}),
        ),
        (
            nothing.clone(),
            json!({"username": "u", "password": "p", "token": ""}),
            json!({"username": "u", "password": "p", "tlsClientConfig": plain}),
        ),
        (nothing.clone(), json!({"exec": exec}), json!({"execProviderConfig": runs, "tlsClientConfig": plain})),
        (
            json!({"tls-server-name": "s", "proxy-url": "socks5://p:1", "disable-compression": true, "extensions": []}),
            token.clone(),
            json!({"bearerToken": "t", "proxyUrl": "socks5://p:1", "disableCompression": true,
                "tlsClientConfig": {"insecure": false, "serverName": "s"}}),
        ),
        (
            json!({"insecure-skip-tls-verify": true}),
            token.clone(),
            json!({"bearerToken": "t", "tlsClientConfig": {"insecure": true}}),
        ),
    ] {
        assert_eq!(taken(&cluster, &user, Take::LoginOrProgram, true), Ok(config), "{cluster} {user}");
    }
    let way = taken(&nothing, &json!({"exec": {"command": "sh"}, "as": "root"}), Take::Way, false);
    assert_eq!(way, Ok(json!({"tlsClientConfig": plain})), "nothing that logs in is looked at");
}

#[test]
fn what_has_no_words_is_refused_by_its_name() {
    let (ca, key) = (pem("CERTIFICATE"), pem("PRIVATE KEY"));
    let program = |more: &Value| {
        let mut exec = json!({"command": "argocd-k8s-auth", "args": ["gcp"], "apiVersion": "v1"});
        exec.as_object_mut().expect("a mapping").extend(more.as_object().expect("a mapping").clone());
        json!({"exec": exec})
    };
    let (nothing, token) = (json!({}), json!({"token": "t"}));
    for (cluster, user, start, remedy) in [
        (json!({"server": "http://a"}), token.clone(), "cluster a: `server`", "https://"),
        (json!({"server": "https://u:planted@a"}), token.clone(), "cluster a: `server`", "leave it out"),
        (json!({"certificate-authority": "/ca"}), token.clone(), "cluster a: `certificate-authority`", "--flatten"),
        (
            json!({"certificate-authority-data": "planted"}),
            token.clone(),
            "cluster a: `certificate-authority-data`",
            "PEM",
        ),
        (
            json!({"insecure-skip-tls-verify": true}),
            token.clone(),
            "cluster a: `insecure-skip-tls-verify`",
            "allowInsecure: true",
        ),
        (
            json!({"insecure-skip-tls-verify": true, "certificate-authority-data": ca}),
            token.clone(),
            "cluster a: `insecure-skip-tls-verify`",
            "keep one",
        ),
        (json!({"proxy-url": "ftp://planted"}), token.clone(), "cluster a: `proxy-url`", "socks5"),
        (json!({"load-balancer": "x"}), token.clone(), "cluster a: `load-balancer`", "leave it out"),
        (nothing.clone(), json!({"tokenFile": "/planted"}), "user admin: `tokenFile`", "login: account"),
        (nothing.clone(), json!({"auth-provider": {"name": "gcp"}}), "user admin: `auth-provider`", "login: account"),
        (nothing.clone(), json!({"client-certificate": "/c", "client-key": "/k"}), "user admin: `client-", "--flatten"),
        (nothing.clone(), json!({"client-key-data": key, "token": "t"}), "user admin: `client-key-data`", "without"),
        (
            nothing.clone(),
            json!({"username": "u", "token": "t", "password": "planted"}),
            "user admin: `token`",
            "keep one",
        ),
        (nothing.clone(), json!({"username": "u"}), "user admin: `username`", "without `password`"),
        (nothing.clone(), json!({"token": "t", "as": "root"}), "user admin: `as`", "login: account"),
        (nothing.clone(), json!({"token": "t", "as-groups": ["a"]}), "user admin: `as-groups`", "login: account"),
        (nothing.clone(), json!({"token": "t", "as-user-extra": {"a": ["b"]}}), "user admin: `as-user-extra`", "login"),
        (nothing.clone(), json!({"token": 7}), "user admin: `token`", "leave it out"),
        (nothing.clone(), json!({}), "user admin: nothing", "login: account"),
        (nothing.clone(), program(&json!({"command": "aws"})), "user admin: `exec` runs `aws`", "argocd-k8s-auth"),
        (
            nothing.clone(),
            program(&json!({"command": "/bin/argocd-k8s-auth"})),
            "user admin: `exec`",
            "argocd-k8s-auth",
        ),
        (nothing.clone(), program(&json!({"args": ["sh"]})), "user admin: `exec`", "gcp"),
        (
            nothing.clone(),
            program(&json!({"apiVersion": null})),
            "user admin: `exec`",
            "client.authentication.k8s.io/v1",
        ),
        (nothing.clone(), program(&json!({"provideClusterInfo": true})), "user admin: `exec`", "leave it out"),
        (nothing.clone(), program(&json!({"args": ["aws", "--cluster-name", 7]})), "user admin: `exec`", "`args[2]`"),
        (nothing.clone(), program(&json!({"args": "aws"})), "user admin: `exec`", "`args`, which is no list"),
        (
            nothing.clone(),
            program(&json!({"env": [{"name": "A", "value": "planted"}, {"name": "B", "value": 7}]})),
            "user admin: `exec`",
            "`env[1]`",
        ),
        (nothing.clone(), program(&json!({"env": [{"value": "planted"}]})), "user admin: `exec`", "`env[0]`"),
    ] {
        let told = taken(&cluster, &user, Take::LoginOrProgram, false).expect_err("refused");
        let is_it = |line: &String| line.starts_with(start) && line.contains(remedy);
        assert!(told.iter().any(is_it), "{start} … {remedy} in {told:#?}");
        assert!(!told.concat().contains("planted"), "{told:#?}");
    }
    let told = taken(&nothing, &program(&json!({})), Take::Login, false).expect_err("refused");
    assert_eq!(told, ["user admin: `exec` is a program, and none is taken here: `login: account` needs none of it"]);
}

#[test]
fn a_context_leads_to_one_cluster_and_one_user() {
    let whole = kubeconfig(&json!({"server": "https://a/"}), &json!({}));
    assert_eq!(Context::of(&whole, None, "k").expect("the current one").server(), "https://a");
    assert_eq!(Context::of(&whole, Some("admin@a"), "k").expect("the named one").server(), "https://a");
    for (kubeconfig, context, words) in [
        (json!({}), None, "no current context"),
        (whole.clone(), Some("b"), "no context `b`"),
        (whole, Some("other"), "no cluster `none`"),
    ] {
        let failure = Context::of(&kubeconfig, context, "k").expect_err("none").render();
        assert!(failure.contains(words) && failure.contains("hint:"), "{failure}");
    }
}
