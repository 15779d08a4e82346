//! How requests get to an API server and answers back: the protocol, the connections, and what is asked again.

mod server;

use std::time::{Duration, Instant};

use backstack::engine::{Cluster, FaultKind};
use backstack::object::{ObjectRef, uid};
use futures::future::join_all;
use serde_json::{Value, json};

use server::{Answer, Asked, BOTH, Server, proxy};

const OBJECT: &str =
    r#"{"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "c", "namespace": "n", "uid": "u-7"}}"#;

fn name() -> ObjectRef {
    ObjectRef::new("v1", "ConfigMap", Some("n"), "c")
}

/// A server that begins so, and then answers as it should.
async fn at_first(speaks: &[&str], first: impl Fn() -> Answer + Send + Sync + 'static) -> Server {
    Server::new(speaks, move |number, _| if number == 1 { first() } else { Answer::ok(OBJECT) }).await
}

async fn is_read(cluster: &Cluster) {
    let live = cluster.get(&name()).await.expect("an answer").expect("it is there");
    assert_eq!(uid(&live), "u-7");
}

#[tokio::test]
async fn one_connection_carries_all_requests_where_the_server_speaks_http_2() {
    for (speaks, most) in [(BOTH, 1), (&["http/1.1"], 33), (&[], 33)] {
        let server = Server::new(speaks, |_, _| Answer::ok(OBJECT)).await;
        let cluster = server.connected().await;
        assert_eq!(server.connections(), 1, "what comes first is asked alone");
        join_all((0..32).map(|_| is_read(&cluster))).await;
        assert_eq!(server.asked().len(), 32);
        let connections = server.connections();
        assert!(connections <= most && (most == 1 || connections > 1), "{speaks:?}: {connections}");
    }
}

#[tokio::test]
async fn a_lost_request_is_sent_again() {
    let cut = || Answer::Cut(OBJECT[..20].to_owned());
    for (what, speaks, first) in [
        ("refused", BOTH, (|| Answer::Refused) as fn() -> Answer),
        ("gone", BOTH, || Answer::Gone),
        ("cut", BOTH, cut),
        ("short", BOTH, || Answer::ok(&OBJECT[..20])),
        ("a page of a proxy", BOTH, || Answer::ok("<html>Bad Gateway</html>")),
        ("empty", BOTH, || Answer::ok("")),
        ("gone", &["http/1.1"], || Answer::Gone),
        ("cut", &["http/1.1"], cut),
    ] {
        let server = at_first(speaks, first).await;
        is_read(&server.connected().await).await;
        assert_eq!(server.asked().len(), 2, "{what} {speaks:?}");
    }
}

#[tokio::test]
async fn a_connection_that_takes_no_more_requests_is_followed_by_another() {
    let server = at_first(BOTH, || Answer::Last(OBJECT.to_owned())).await;
    let cluster = server.connected().await;
    for _ in 0..3 {
        is_read(&cluster).await;
    }
    assert_eq!((server.asked().len(), server.connections()), (3, 2));
}

#[tokio::test]
async fn every_try_brings_the_same() {
    let object: Value = serde_json::from_str(OBJECT).expect("an object");
    for (speaks, first) in [(BOTH, (|| Answer::Refused) as fn() -> Answer), (&["http/1.1"], || Answer::Gone)] {
        let server = at_first(speaks, first).await;
        server.connected().await.apply(&object, "m").await.expect("applied");
        let bodies: Vec<_> = server.asked().into_iter().map(|Asked(_, _, _, body)| body).collect();
        assert_eq!(bodies, [object.to_string(), object.to_string()], "{speaks:?}");
    }
}

#[tokio::test]
async fn a_read_that_hangs_is_repeated_in_time() {
    for speaks in [BOTH, &["http/1.1"]] {
        let server = at_first(speaks, || Answer::Never).await;
        let cluster = server.connected().await;
        let begin = Instant::now();
        is_read(&cluster).await;
        assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
        assert_eq!(server.asked().len(), 2);
        let hanging = Server::new(speaks, |_, _| Answer::Never).await;
        let cluster = hanging.connected().await.asked_once().patient_for(Duration::from_secs(7));
        let fault = cluster.get(&name()).await.expect_err("nothing");
        assert!(fault.is_silence() && hanging.asked().len() == 1, "{fault}: it has its whole time, and is asked once");
    }
}

#[tokio::test]
async fn a_first_request_that_hangs_leaves_time_for_a_second() {
    for speaks in [BOTH, &["http/1.1"]] {
        let server = Server::new(speaks, |_, _| Answer::ok(OBJECT)).await;
        server.hang_once();
        is_read(&server.connected().await).await;
    }
}

#[tokio::test]
async fn a_server_that_asks_for_a_pause_gets_it() {
    let date = ("Date", "Sun, 29 Nov 2026 12:00:00 GMT");
    for after in ["1", "Sun, 29 Nov 2026 12:00:01 GMT"] {
        let server = at_first(BOTH, move || Answer::Text(429, vec![date, ("Retry-After", after)], String::new())).await;
        let cluster = server.connected().await;
        let begin = Instant::now();
        is_read(&cluster).await;
        assert!(begin.elapsed() >= Duration::from_secs(1), "{after}: {:?}", begin.elapsed());
    }
}

#[tokio::test]
async fn what_logs_in_is_renewed_over_the_same_connection() {
    let server = at_first(BOTH, || Answer::Text(401, Vec::new(), String::new())).await;
    let file = server.file("token");
    std::fs::write(&file, "t-1").expect("written");
    let kubeconfig = server.kubeconfig(|it| it["users"][0]["user"] = json!({"tokenFile": file}));
    let cluster = server.reached(&kubeconfig).await.expect("it says who it is");
    std::fs::write(&file, "t-2").expect("written");
    is_read(&cluster).await;
    let logins: Vec<String> = server.asked().into_iter().map(|Asked(_, _, login, _)| login).collect();
    assert_eq!(logins, ["Bearer t-1", "Bearer t-2"]);
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_server_behind_a_proxy_has_one_connection_too() {
    let server = Server::new(BOTH, |_, _| Answer::ok(OBJECT)).await;
    let (proxy, tunnels) = proxy("Basic bWU6cGFAc3M6d29yZA==").await;
    let kubeconfig = |login: &str| {
        server.kubeconfig(|it| it["clusters"][0]["cluster"]["proxy-url"] = json!(format!("http://{login}@{proxy}")))
    };
    let cluster = server.reached(&kubeconfig("me:pa%40ss%3Aword")).await.expect("it says who it is");
    join_all((0..32).map(|_| is_read(&cluster))).await;
    assert_eq!((server.connections(), *tunnels.lock().expect("unpoisoned")), (1, 1));
    let told = server.reached(&kubeconfig("me:other")).await.map(drop).expect_err("not let in").to_string();
    assert!(told.contains("by the proxy") && told.contains("proxy authorization required"), "{told}");
}

#[tokio::test]
async fn a_certificate_that_is_missing_is_told_whatever_the_server_speaks() {
    for speaks in [BOTH, &["http/1.1"]] {
        let server = Server::with(speaks, true, |_, _| Answer::ok(OBJECT)).await;
        is_read(&server.connected().await).await;
        let kubeconfig = server.kubeconfig(|it| it["users"][0]["user"] = json!({"token": "t"}));
        let failure = server.reached(&kubeconfig).await.map(drop).expect_err("not let in");
        assert!(failure.to_string().contains("CertificateRequired"), "{speaks:?}: {failure}");
    }
}

#[tokio::test]
async fn a_page_of_somebody_else_is_no_server_that_is_away() {
    let server = Server::new(BOTH, |_, _| Answer::ok("<html>")).await;
    let cluster = server.connected().await.patient_for(Duration::from_secs(1));
    let fault = cluster.get(&name()).await.expect_err("no answer");
    assert!(fault.kind == FaultKind::Foreign && server.asked().len() > 2, "{fault}");
}
