//! Addresses: what in one gives access, how it may be shown, and whether it leads out of this machine.

use std::net::IpAddr;

use super::leaks::is_secret_name;

/// A user name without a password. Forges take tokens in that place.
pub const USER: &str = "a user name in an address";
/// A user name with a password.
const PASSWORD: &str = "a password in an address";
/// A parameter that logs in.
const TOKEN: &str = "a token in an address";
/// Parameters that give access and whose names do not say so: signatures of shared addresses.
const SIGNATURES: [&str; 4] = ["sig", "signature", "x-amz-signature", "x-goog-signature"];
/// What stands in the place of a secret.
const MASK: &str = "*******";

/// What gives access in an address, and the part of the address that is secret. Over SSH a user name belongs to the address.
#[must_use]
pub fn secret_in(address: &str) -> Option<(&'static str, &str)> {
    all_in(address).next()
}

/// All that is secret in an address.
pub fn secrets_in(address: &str) -> impl Iterator<Item = &str> {
    all_in(address).map(|(_, secret)| secret)
}

/// All that is secret in the addresses of a text, of which one may be inside of another.
pub fn secrets_in_text(text: &str) -> impl Iterator<Item = &str> {
    let is_end = |c: char| c.is_whitespace() || "\"'`<>".contains(c);
    let within = text.split(is_end).flat_map(|word| {
        let starts: Vec<usize> = word.match_indices("://").map(|(at, _)| scheme_before(word, at)).collect();
        let ends = starts.clone().into_iter().skip(1).chain([word.len()]);
        let each = starts.into_iter().zip(ends).flat_map(move |(start, end)| [&word[start..], &word[start..end]]);
        each.chain([word]).map(|it| it.trim_end_matches([',', ';', ')', ']', '}']))
    });
    within.chain([text]).flat_map(secrets_in)
}

/// Where the scheme begins that ends there.
fn scheme_before(word: &str, end: usize) -> usize {
    let is_outside = |c: char| !c.is_ascii_alphanumeric() && !"+.-".contains(c);
    word[..end].char_indices().rev().find(|(_, c)| is_outside(*c)).map_or(0, |(at, c)| at + c.len_utf8())
}

/// The same, with what each of it is.
pub fn all_in(address: &str) -> impl Iterator<Item = (&'static str, &str)> {
    let (scheme, rest) = parts(address).unwrap_or_default();
    let login = user_of(rest).and_then(|user| match user.split_once(':') {
        Some((_, password)) if !password.is_empty() => Some((PASSWORD, password)),
        other => Some((USER, other.map_or(user, |(user, _)| user))).filter(|_| is_web(scheme)),
    });
    let login = login.filter(|(_, secret)| !secret.is_empty());
    let tokens = parameters(rest).filter(|(name, value)| gives_access(name, value)).map(|(_, value)| (TOKEN, value));
    login.into_iter().chain(tokens)
}

/// The scheme, which the address of the page around it may give or nobody has written, and the rest behind the slashes.
fn parts(address: &str) -> Option<(&str, &str)> {
    let rest = || address.strip_prefix("//").or_else(|| has_bare_login(address).then_some(address));
    address.split_once("://").or_else(|| Some(("", rest()?)))
}

/// Whether it is `user:password@host` without a scheme. A digest stands behind an `@`, too.
fn has_bare_login(address: &str) -> bool {
    let login = address.rsplit_once('@').filter(|(_, host)| !host.is_empty() && !host.starts_with("sha"));
    let user = login.and_then(|(login, _)| login.split_once(':')).map_or("", |(user, _)| user);
    !user.is_empty() && !user.contains(['/', '@']) && user != "mailto" && !address.contains(char::is_whitespace)
}

/// The address without user, password and tokens.
#[must_use]
pub fn shown(address: &str) -> String {
    let Some((_, rest)) = parts(address) else { return address.to_owned() };
    let start = &address[..address.len() - rest.len()];
    let host = user_of(rest).map_or(rest, |user| &rest[user.len() + 1..]);
    let secrets = parameters(host).filter(|(name, value)| gives_access(name, value));
    let shown = secrets.fold(host.to_owned(), |shown, (name, value)| {
        shown.replace(&format!("{name}={value}"), &format!("{name}={MASK}"))
    });
    format!("{start}{shown}")
}

/// Whether what is sent there can be read on the way: it goes over HTTP without TLS, and leaves this machine.
#[must_use]
pub fn is_open(address: &str) -> bool {
    is_unencrypted(address) && !is_loopback(address)
}

/// Whether it is an address of HTTP over TLS.
#[must_use]
pub fn is_encrypted(address: &str) -> bool {
    address.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://"))
}

/// The address and the branch in `URL[@BRANCH]`. The branch stands behind an `@` in the path: one before it is that of a user.
#[must_use]
pub fn and_branch(text: &str) -> (&str, Option<&str>) {
    let path = match text.split_once("://") {
        Some((scheme, rest)) => scheme.len() + 3 + rest.find('/').unwrap_or(rest.len()),
        None => text.find([':', '/']).unwrap_or(0),
    };
    let at = text[path..].rfind('@').map(|at| path + at);
    at.map_or((text, None), |at| (&text[..at], Some(&text[at + 1..])))
}

/// Whether it is an address of HTTP without TLS.
#[must_use]
pub fn is_unencrypted(address: &str) -> bool {
    address.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("http://"))
}

/// Whether git reaches it by ssh: `ssh://…` in its spellings, or a colon before the first slash (gitprotocol: "git URLs").
#[must_use]
pub fn is_over_ssh(address: &str) -> bool {
    match address.split_once("://") {
        Some((scheme, _)) => scheme.split('+').any(|part| part == "ssh"),
        None => address.split('/').next().is_some_and(|first| first.contains(':')),
    }
}

/// Whether two addresses are of one host, of whatever port: by its name Argo CD knows the certificates of a host.
#[must_use]
pub fn is_same_host(one: &str, other: &str) -> bool {
    host(one).eq_ignore_ascii_case(host(other))
}

/// Whether the address is one of this machine: 127.0.0.0/8, `::1`, `localhost`.
#[must_use]
pub fn is_loopback(address: &str) -> bool {
    let host = host(address);
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|it: IpAddr| it.to_canonical().is_loopback())
}

/// The host of an address, without its port; an IPv6 literal without its brackets.
#[must_use]
pub fn host(address: &str) -> &str {
    host_and_port(address).0
}

/// Whether a port stands in it that is none: no number, 0, or one above 65535. Clients would take the usual one instead.
#[must_use]
pub fn has_wrong_port(address: &str) -> bool {
    let port = host_and_port(address).1.filter(|port| !port.is_empty());
    let is_right =
        |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse().is_ok_and(|it: u16| it > 0);
    port.is_some_and(|port| !is_right(port))
}

fn host_and_port(address: &str) -> (&str, Option<&str>) {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let rest = user_of(rest).map_or(rest, |user| &rest[user.len() + 1..]);
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    match authority.strip_prefix('[').and_then(|literal| literal.split_once(']')) {
        Some((literal, behind)) => (literal, behind.strip_prefix(':')),
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    }
}

/// What stands before the host. A password may have a `/` that should have been escaped: then no port is before it.
fn user_of(rest: &str) -> Option<&str> {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    if let Some(at) = rest[..end].rfind('@') {
        return Some(&rest[..at]);
    }
    let port = rest[..end].split_once(':').map(|(_, port)| port).filter(|_| !rest.starts_with('['))?;
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
    rest.rfind('@').filter(|_| !is_port).map(|at| &rest[..at])
}

/// The parameters of an address, those behind `#` included.
fn parameters(rest: &str) -> impl Iterator<Item = (&str, &str)> {
    let query = rest.find(['?', '#']).map_or("", |at| &rest[at + 1..]);
    query.split(['&', ';', '#', '?']).filter_map(|pair| pair.split_once('='))
}

fn gives_access(name: &str, value: &str) -> bool {
    let is_one = is_secret_name(name) || SIGNATURES.contains(&name.to_ascii_lowercase().as_str());
    is_one && !value.is_empty() && value != MASK
}

/// Where a user name is no part of the address: what fetches over HTTP asks for it.
fn is_web(scheme: &str) -> bool {
    let scheme = scheme.rsplit(['=', '+']).next().unwrap_or(scheme); // `--mirror=https`, `git+https`
    ["http", "https", "oci"].iter().any(|web| scheme.eq_ignore_ascii_case(web))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_gives_access_is_found_and_not_shown() {
        for (address, secret, without) in [
            ("https://me:pw-1@h.example/a", "pw-1", "https://h.example/a"),
            ("https://token-1@h.example/a", "token-1", "https://h.example/a"),
            ("https://token-1:@h.example/a", "token-1", "https://h.example/a"),
            ("HTTP://me:pw@h", "pw", "HTTP://h"),
            ("https://me:p@w-1@h.example/a", "p@w-1", "https://h.example/a"),
            ("https://me:pw/1@h.example/a", "pw/1", "https://h.example/a"),
            ("oci://me:pw-1@r.example/charts", "pw-1", "oci://r.example/charts"),
            ("ssh://git:pw-1@h.example/a", "pw-1", "ssh://h.example/a"),
            ("https://h/a?private_token=t-1", "t-1", "https://h/a?private_token=*******"),
            ("https://h/a?x=1&access_token=t-1&y=2", "t-1", "https://h/a?x=1&access_token=*******&y=2"),
            ("https://h/a?X-Amz-Signature=s-1", "s-1", "https://h/a?X-Amz-Signature=*******"),
            ("https://h/a?se=1&sig=s-1", "s-1", "https://h/a?se=1&sig=*******"),
            ("https://h/a#access_token=t-1", "t-1", "https://h/a#access_token=*******"),
            ("git+https://token-1@h.example/a", "token-1", "git+https://h.example/a"),
            ("//me:pw-1@h.example/a", "pw-1", "//h.example/a"),
            ("me:pw-1@h.example:8080/a", "pw-1", "h.example:8080/a"),
        ] {
            assert_eq!(secret_in(address).map(|(_, secret)| secret), Some(secret), "{address}");
            assert_eq!(shown(address), without);
            assert_eq!(secret_in(&shown(address)), None, "{address}");
        }
    }

    #[test]
    fn every_address_of_a_text_is_looked_at() {
        for text in [
            "# see https://docs.example/x\nurl: https://me:pw-1@h.example/a\n",
            "https://h.example/a,https://me:pw-1@h.example/a",
            "https://me:pw-2@h,https://me:pw-1@h",
            "{a: 'https://h', b: \"https://h/?to=https://i/x&token=pw-1\"}",
            "é https://h me:pw-1@h.example:8080/a",
            "[https://h/?token=pw-1]",
        ] {
            assert!(secrets_in_text(text).any(|it| it == "pw-1"), "{text}");
        }
        assert_eq!(secrets_in_text("a: https://h/a, https://h:80/@b/c").next(), None);
    }

    #[test]
    fn an_address_alone_gives_no_access() {
        for address in [
            "https://h.example/a@b:c",
            "https://h.example:8443/@scope/x",
            "ssh://git@h.example/a",
            "git@h.example:a",
            "r.example/a:1.2@sha256:0123",
            "a:1.2@sha256:0123",
            "mailto:me@h.example",
            "//me@h.example/a",
            "git+ssh://git@h.example/a",
            "/srv/hub.git",
            "http://[::1]:80/a@b",
            "https://h/a?version=1&token=",
            "https://h/a?page=token",
        ] {
            assert_eq!(secret_in(address), None, "{address}");
        }
    }

    #[test]
    fn loopback_is_this_machine() {
        for (address, is) in [
            ("http://127.0.0.1:3000/a", true),
            ("http://127.8.8.8/a", true),
            ("http://[::1]:80/a", true),
            ("http://me@localhost:80", true),
            ("http://LOCALHOST", true),
            ("http://[::ffff:127.0.0.1]/", true),
            ("http://localhost.example.org", false),
            ("http://127.0.0.1.example.org", false),
            ("http://127.0.0.1@h.example", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(is_loopback(address), is, "{address}");
            assert_eq!(is_open(address), !is, "{address}");
        }
        assert!(!is_open("https://h.example"));
    }

    #[test]
    fn a_port_is_a_number_of_sixteen_bits() {
        for (address, is_wrong) in [
            ("https://h:99999", true),
            ("https://h:65536/a", true),
            ("https://h:0", true),
            ("https://h:abc", true),
            ("https://h:+1", true),
            ("https://h:1:2", true),
            ("https://[::1]:70000", true),
            ("https://me:70000@h", false),
            ("https://h:65535/a:0", false),
            ("https://h:", false),
            ("https://[fd00::99999]", false),
            ("h:1", false),
        ] {
            assert_eq!(has_wrong_port(address), is_wrong, "{address}");
        }
    }
}
