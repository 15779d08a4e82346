//! The certificates and host keys by which Argo CD trusts the hosts of its repositories.

use jiff::Timestamp;
use serde_json::Value;

use crate::engine::{Cluster, Live, MANAGER, seen_or_read};
use crate::git::Access;
use crate::object::{ObjectRef, str_at};
use crate::report::{Console, Failure, Outcome};
use crate::schema::{address, expiry, known_hosts, pem};
use crate::words::argo;

/// Gives the cluster the certificates and host keys of a commit where Argo CD has others: it may be able to read the commit by them
/// alone. They are Argo CD's again with the handover. `seen` is what there is of them, where that is known. Answers whether that
/// changed anything.
pub async fn renew(cluster: &Cluster, objects: &[Value], seen: Option<&Live>, console: &Console) -> Outcome<bool> {
    let mut changed = false;
    for (name, what) in [(argo::certificates(), "certificates"), (argo::known_hosts(), "host keys")] {
        let Some(wanted) = objects.iter().find(|it| ObjectRef::of(it) == name) else { continue };
        let Some(live) = seen_or_read(seen, &name, cluster).await? else { continue };
        let new =
            if name == argo::known_hosts() { new_host_keys(wanted, &live) } else { new_certificates(wanted, &live) };
        if !new.is_empty() {
            cluster.apply_by_force(wanted, MANAGER).await?;
            console.done(what, format!("renewed for Argo CD: {}", new.join(", ")));
            changed = true;
        }
    }
    Ok(changed)
}

/// The hosts that have other certificates than those that are live.
fn new_certificates<'w>(wanted: &'w Value, live: &Value) -> Vec<&'w str> {
    let of_hosts = wanted.get("data").and_then(Value::as_object).into_iter().flatten();
    let is_new = |(host, text): &(&String, &Value)| live.get("data").and_then(|data| data.get(host)) != Some(text);
    of_hosts.filter(is_new).map(|(host, _)| host.as_str()).collect()
}

/// The hosts of the lines that are not live.
fn new_host_keys<'w>(wanted: &'w Value, live: &Value) -> Vec<&'w str> {
    let there = host_keys(live);
    let mut hosts: Vec<&str> = host_keys(wanted).into_iter().filter(|it| !there.contains(it)).map(hosts_of).collect();
    hosts.dedup();
    hosts
}

/// The lines of the ConfigMap that are no comments.
fn host_keys(config_map: &Value) -> Vec<&str> {
    let text = str_at(config_map, &format!("/data/{}", argo::KNOWN_HOSTS_KEY));
    known_hosts::numbered(text).map(|(_, line)| line).collect()
}

/// The hosts of a line, which may have a marker before them.
fn hosts_of(line: &str) -> &str {
    line.split_ascii_whitespace().find(|word| !word.starts_with('@')).unwrap_or_default()
}

/// Says where a commit of before has others for the host of the repository than Argo CD trusts now. Once it follows that commit, it
/// may not be able to read the repository any more.
pub async fn tell_older(url: &str, past: &[Value], cluster: &Cluster, console: &Console) -> Outcome<()> {
    let (name, what) = if address::is_over_ssh(url) {
        (argo::known_hosts(), "host keys")
    } else {
        (argo::certificates(), "certificates")
    };
    let past = past.iter().find(|it| ObjectRef::of(it) == name);
    let live = cluster.get(&name).await?;
    let (Some(past), Some(live)) = (past, live) else { return Ok(()) };
    if is_older(url, past, &live) {
        let host = address::host(url);
        console.say_once(format!(
            "warning: what is brought back has other {what} for {host} than Argo CD trusts now: where the host is trusted by the present \
             ones alone, Argo CD will not read it any more until an `upgrade` to the present version gives them again"
        ));
    }
    Ok(())
}

fn is_older(url: &str, past: &Value, live: &Value) -> bool {
    let host = address::host(url);
    if address::is_over_ssh(url) {
        let there = host_keys(past);
        return host_keys(live).into_iter().any(|line| may_name(line, host) && !there.contains(&line));
    }
    let of_host = |it: &Value| Some(it.get("data")?.get(host)?.as_str()?.trim().to_owned());
    address::is_encrypted(url) && of_host(past) != of_host(live)
}

/// Whether a line is about a host, as far as it says: it may hide its own, or name many by a pattern.
fn may_name(line: &str, host: &str) -> bool {
    let is_it =
        |named: &str| named.trim_start_matches('[').split(']').next().is_some_and(|it| it.eq_ignore_ascii_case(host));
    hosts_of(line).split(',').any(|named| named.starts_with('|') || named.contains(['*', '?']) || is_it(named))
}

/// Refuses a hub from its repository where this run trusts a host by what the files do not hold: Argo CD has what it trusts from them
/// alone, and would not read what the run has read.
pub fn refuse_unknown(readers: &[&Access], objects: &[Value]) -> Outcome<()> {
    let find = |name: &ObjectRef| objects.iter().find(|it| ObjectRef::of(it) == *name).unwrap_or(&Value::Null);
    let (certificates, host_lines) = (find(&argo::certificates()), find(&argo::known_hosts()));
    for reader in readers {
        let host = address::host(&reader.url);
        let of_host = certificates.get("data").and_then(|data| data.get(host)?.as_str()).unwrap_or_default();
        let there = pem::certificates(of_host).unwrap_or_default();
        let ca = pem::certificates(reader.connection.ca.as_deref().unwrap_or_default()).unwrap_or_default();
        if ca.iter().any(|it| !there.contains(it)) {
            return Err(unknown(host, "a certificate of `ca`", argo::CERTIFICATES, host));
        }
        let given = reader
            .credential
            .as_ref()
            .and_then(|it| it.known_hosts.as_deref())
            .filter(|_| address::is_over_ssh(&reader.url));
        let lines = known_hosts::lines(given.unwrap_or_default())
            .map_err(|why| Failure::usage(format!("`knownHosts` for {host}: {why}")))?;
        let there = host_keys(host_lines);
        if lines.iter().any(|line| !there.contains(line)) {
            return Err(unknown(host, "a line of `knownHosts`", argo::KNOWN_HOSTS, argo::KNOWN_HOSTS_KEY));
        }
    }
    Ok(())
}

fn unknown(host: &str, what: &str, config_map: &str, key: &str) -> Failure {
    Failure::refused(format!("Argo CD would not trust {host} as this run does: the repository lacks {what}; nothing was written"))
        .details([format!("what it trusts is ConfigMap {config_map} in the folder argocd/ of the repository, `data`, key {key}")])
        .hint("add it there, push, and run again; where the old hub still works, an `upgrade` of it with the same field commits it")
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
    use serde_json::json;

    use super::*;
    use crate::git::{Connection, GitCredential};

    /// Made by `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -days 3650 -subj /CN=a`.
    const CERTIFICATE: &str = include_str!("../../tests/data/certificate.pem");

    #[test]
    fn a_certificate_that_has_ended_is_told() {
        let at = |time: &str| ended("ca", &CERTIFICATE.repeat(2), time.parse().expect("a time"));
        assert_eq!(at("2036-11-26T14:21:57Z"), [""; 0]);
        assert_eq!(at("2036-11-26T14:21:58Z")[1], "certificate 2 of `ca` has ended at 2036-11-26T14:21:58Z");
    }

    const LINE: &str =
        "git.example.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBbf9tb2XkBV1Bdm4XZVtOBEXqBwCZ6mWC6GDGOQF+gq";

    fn config_map(name: &str, key: &str, text: &str) -> Value {
        let metadata = json!({"name": name, "namespace": argo::NAMESPACE});
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {key: text}})
    }

    fn host_lines(text: &str) -> Value {
        config_map(argo::KNOWN_HOSTS, argo::KNOWN_HOSTS_KEY, text)
    }

    #[test]
    fn what_argo_cd_does_not_trust_yet_is_new() {
        let live = host_lines("# of the release\ngithub.com a b\n");
        assert_eq!(new_host_keys(&live, &live), [""; 0]);
        let wanted = host_lines("github.com a b\n@cert-authority *.example.org a b\nh a b\nh c d\n");
        assert_eq!(new_host_keys(&wanted, &live), ["*.example.org", "h"]);
        assert_eq!(new_host_keys(&live, &wanted), [""; 0], "what goes is no reason");
        let of_host = |text: &str| config_map(argo::CERTIFICATES, "h", text);
        assert_eq!(new_certificates(&of_host("new"), &of_host("old")), ["h"]);
        assert_eq!(new_certificates(&of_host("old"), &of_host("old")), [""; 0]);
        assert_eq!(new_certificates(&json!({"kind": "ConfigMap"}), &of_host("old")), [""; 0]);
    }

    #[test]
    fn the_way_back_tells_what_it_takes_of_the_host_of_the_repository() {
        let ssh = "ssh://git@git.example.org:2222/hub.git";
        for (live, is) in [
            ("git.example.org a new", true),
            ("[git.example.org]:2222,[::1]:2222 a new", true),
            ("|1|hidden|name a new", true),
            ("*.example.org a new", true),
            ("other.example.org a new", false),
            ("# git.example.org a new", false),
            ("git.example.org a old", false),
        ] {
            assert_eq!(is_older(ssh, &host_lines("git.example.org a old"), &host_lines(live)), is, "{live}");
        }
        let https = "https://git.example.org/hub.git";
        let of = |host: &str, text: &str| config_map(argo::CERTIFICATES, host, text);
        for (past, is) in [
            (of("git.example.org", "new\n"), false),
            (of("git.example.org", "old"), true),
            (of("other.example.org", "new"), true),
        ] {
            assert_eq!(is_older(https, &past, &of("git.example.org", "new")), is, "{past}");
        }
        assert!(!is_older("http://git.example.org/hub.git", &of("git.example.org", "old"), &Value::Null));
    }

    #[test]
    fn a_hub_from_its_repository_trusts_what_the_files_hold() {
        let with = |url: &str, ca: Option<&str>, known_hosts: Option<&str>| {
            let known_hosts = known_hosts.map(str::to_owned);
            let connection = Connection { ca: ca.map(str::to_owned), ..Connection::default() };
            let credential = GitCredential { known_hosts, ..GitCredential::default() };
            Access { connection, ..Access::new(url, "main", Some(credential)) }
        };
        let https = with("https://git.example.org/hub.git", Some(CERTIFICATE), Some(LINE));
        let ssh = with("git@git.example.org:hub.git", None, Some(LINE));
        let trusting =
            [config_map(argo::CERTIFICATES, "git.example.org", CERTIFICATE), host_lines(&format!("# mine\n{LINE}\n"))];
        refuse_unknown(&[&https, &ssh], &trusting).expect("all of it is in the files");
        let others = [config_map(argo::CERTIFICATES, "other.example.org", CERTIFICATE), host_lines("github.com a b")];
        for (reader, what) in [(&https, "a certificate of `ca`"), (&ssh, "a line of `knownHosts`")] {
            let failure = refuse_unknown(&[reader], &others).expect_err(what);
            assert!(failure.message.contains(what), "{failure}");
        }
        let bare = Access::new("https://git.example.org/hub.git", "main", None);
        refuse_unknown(&[&bare], &[]).expect("the machine's own trust says nothing of Argo CD's");
    }
}
