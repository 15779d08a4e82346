//! The certificates by which Argo CD trusts the hosts of its repositories.

use jiff::Timestamp;
use serde_json::Value;

use crate::argo;
use crate::engine::{Cluster, MANAGER};
use crate::gitops::Access;
use crate::object::ObjectRef;
use crate::report::{Console, Outcome};
use crate::spec::{expiry, pem};

/// Gives the cluster the certificates of a commit where Argo CD has others: it may be able to read the commit by them alone. They
/// are Argo CD's again with the handover. Answers whether that changed anything.
pub async fn renew(cluster: &Cluster, objects: &[&Value], console: &Console) -> Outcome<bool> {
    let wanted = objects.iter().find(|it| ObjectRef::of(it) == argo::certificates());
    let Some((certificates, of_hosts)) = wanted.and_then(|it| Some((it, it.get("data")?.as_object()?))) else {
        return Ok(false);
    };
    let Some(live) = cluster.get(&argo::certificates()).await? else { return Ok(false) };
    let is_new = |(host, text): &(&String, &Value)| live.get("data").and_then(|data| data.get(host)) != Some(text);
    let new: Vec<&str> = of_hosts.iter().filter(is_new).map(|(host, _)| host.as_str()).collect();
    if new.is_empty() {
        return Ok(false);
    }
    cluster.apply_by_force(certificates, MANAGER).await?;
    console.done("certificates", format!("renewed for Argo CD: {}", new.join(", ")));
    Ok(true)
}

/// Says which certificates of a connection have ended. One among several may have: that is how they are renewed.
pub fn tell_ended(access: &Access, console: &Console) {
    let client = access.credential.as_ref().and_then(|it| it.client.as_ref());
    let all =
        [("ca", access.connection.ca.as_deref()), ("clientCertificate", client.map(|it| it.certificate.as_str()))];
    for line in all.iter().flat_map(|(what, text)| ended(what, text.unwrap_or_default(), Timestamp::now())) {
        console.say_once(format!("warning: {line} ({})", access.shown()));
    }
}

fn ended(what: &str, text: &str, now: Timestamp) -> Vec<String> {
    let all = pem::certificates(text).unwrap_or_default();
    let ends = all.iter().map(|certificate| expiry::of_certificate(certificate));
    let ended = (1..).zip(ends).filter_map(|(number, end)| end.filter(|it| *it <= now).map(|end| (number, end)));
    ended.map(|(number, end)| format!("certificate {number} of `{what}` has ended at {end}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -days 3650 -subj /CN=a`.
    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\n\
        MIIBbTCCAROgAwIBAgIUB+deCbpJl+2XNvF9JinZ2b/gl34wCgYIKoZIzj0EAwIw\n\
        DDEKMAgGA1UEAwwBYTAeFw0yNjExMjkxNDIxNThaFw0zNjExMjYxNDIxNThaMAwx\n\
        CjAIBgNVBAMMAWEwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARi8nVlGS8/vwZI\n\
        wLKejn9TMFPHblKXk2BdVgYNZD8GI3gR6uqnJDLmA4KeoGz0ZCTJIN+Cy3LOLUMe\n\
        BGGtkKEWo1MwUTAdBgNVHQ4EFgQUk9q4kk/1f/6OZA4vouPYq2fzl2wwHwYDVR0j\n\
        BBgwFoAUk9q4kk/1f/6OZA4vouPYq2fzl2wwDwYDVR0TAQH/BAUwAwEB/zAKBggq\n\
        hkjOPQQDAgNIADBFAiBK8bAHPk2LGptfR8c0BIlkYnEoTTF8o/bRUyCu+NlxBAIh\n\
        ALGreiMhSzXxSLy4I1u0R0TwVgJx7+LXHs1fbIGLAkiV\n\
        -----END CERTIFICATE-----\n";

    #[test]
    fn a_certificate_that_has_ended_is_told() {
        let at = |time: &str| ended("ca", &CERTIFICATE.repeat(2), time.parse().expect("a time"));
        assert_eq!(at("2036-11-26T14:21:57Z"), [""; 0]);
        assert_eq!(at("2036-11-26T14:21:58Z")[1], "certificate 2 of `ca` has ended at 2036-11-26T14:21:58Z");
    }
}
