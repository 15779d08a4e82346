//! A git host that the machine neither trusts nor reaches by itself: what the step gives leads there, and what it gives wrong is told.

use std::fs;

use backstack::git::{Access, ClientCertificate, Connection, GitCredential};
use backstack::publish::{Renewal, publish, read_tree};
use backstack::report::Failure;
use secrecy::SecretString;

use super::publish::{anything, rendered, soon};
use crate::hub::fixture::TESTBED;
use crate::support::git_host::GitHost;

fn text(host: &GitHost, file: &str) -> String {
    fs::read_to_string(host.file(file)).expect("written")
}

fn client(host: &GitHost, certificate: &str, key: &str) -> Option<ClientCertificate> {
    ClientCertificate::of(Some(text(host, certificate)), Some(text(host, key))).expect("a pair")
}

async fn refusal(access: &Access) -> Failure {
    read_tree(access, soon()).await.expect_err("it is not let in")
}

#[tokio::test]
#[ignore = "needs the testbed"]
async fn a_host_of_its_own_authority_is_reached_by_its_proxy_with_our_certificate() {
    let repository = TESTBED.repository().expect("a repository");
    let host = GitHost::before(&repository.url());
    let writer = repository.writer();
    let credential = GitCredential {
        username: Some(writer.username.clone()),
        password: Some(SecretString::from(writer.password.clone())),
        client: client(&host, "client.crt", "client.key"),
        ..GitCredential::default()
    };
    let connection = Connection {
        ca: Some(text(&host, "ca.crt")),
        proxy: Some(SecretString::from(text(&host, "proxy"))),
        no_proxy: Some("other.invalid".to_owned()),
    };
    let access = Access { connection, ..Access::new(host.url(), "main", Some(credential)) };

    publish(&access, &rendered(), Renewal::Keep, "Render hub a", soon(), anything).await.expect("published");
    assert!(read_tree(&access, soon()).await.expect("read").is_some(), "it is there");

    let with = |change: fn(&mut Access, &GitHost)| {
        let mut other = access.clone();
        change(&mut other, &host);
        other
    };
    let of = |access: &mut Access, client| access.credential.as_mut().expect("a credential").client = client;
    let mut without_client = access.clone();
    of(&mut without_client, None);
    let mut of_another_authority = access.clone();
    of(&mut of_another_authority, client(&host, "other.crt", "other.key"));
    let mut with_another_key = access.clone();
    of(&mut with_another_key, client(&host, "client.crt", "other.key"));
    for (access, why) in [
        (with(|access, _| access.connection.ca = None), "the certificate of the server is not trusted"),
        (
            with(|access, host| access.connection.ca = Some(text(host, "other.crt"))),
            "the certificate of the server is not",
        ),
        (without_client, "it may ask for a certificate"),
        (of_another_authority, "the one of ours does not do"),
        (with_another_key, "the one of ours does not do"),
        (with(|access, _| access.connection.proxy = None), "the server does not answer"),
        (with(|access, _| access.connection.no_proxy = Some("git.invalid".to_owned())), "the server does not answer"),
    ] {
        let failure = refusal(&access).await;
        assert!(failure.message.contains(why), "{why}: {}", failure.render());
        for secret in host.secrets() {
            assert!(!failure.render().contains(&secret), "{}", failure.render());
        }
    }
}
