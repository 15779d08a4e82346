//! Lines of a `known_hosts` file, as Argo CD reads them (golang.org/x/crypto `ssh/knownhosts`): where OpenSSH passes over a line
//! that it does not understand, Argo CD trusts no host any more.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The kinds of keys that a line may have (golang.org/x/crypto `ssh/keys.go`, `parsePubKey`).
const KINDS: [&str; 8] = [
    "ssh-rsa",
    "ssh-dss",
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
];
/// What may stand before the hosts.
const MARKERS: [&str; 2] = ["@cert-authority", REVOKED];
const REVOKED: &str = "@revoked";

/// The lines with keys, without comments; or what is wrong with the first that is none.
pub fn lines(text: &str) -> Result<Vec<&str>, String> {
    let judged = numbered(text).map(|(number, line)| match wrong(line) {
        Some(why) => Err(format!("line {number} {why}")),
        None => Ok(line),
    });
    judged.collect()
}

/// The lines that are no comments, right or not, each with its number.
pub fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines().map(str::trim)).filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

fn wrong(line: &str) -> Option<&'static str> {
    let no_line = Some("is not HOST KIND KEY with a key as `ssh-keyscan` prints it");
    let mut words = line.split_ascii_whitespace().peekable();
    let marker = words.next_if(|word| MARKERS.contains(word));
    let (Some(hosts), Some(kind), Some(key)) = (words.next(), words.next(), words.next()) else { return no_line };
    // The kind once more, and what the key is.
    let is_of_kind = |key: &[u8]| fields(key).is_some_and(|it| it.len() > 1 && it.first() == Some(&kind.as_bytes()));
    let is_key = KINDS.contains(&kind) && STANDARD.decode(key).is_ok_and(|key| is_of_kind(&key));
    if !is_key || hosts.starts_with('@') {
        return no_line;
    }
    // A key that is revoked is so of all hosts.
    if marker == Some(REVOKED) { None } else { wrong_host(hosts) }
}

/// What is wrong with the hosts of a line: a hash, or patterns behind commas.
fn wrong_host(hosts: &str) -> Option<&'static str> {
    if let Some(hash) = hosts.strip_prefix('|') {
        let is_base64 = |it: &&str| STANDARD.decode(it).is_ok();
        let parts: Vec<&str> = hash.split('|').collect();
        let is_hash = parts.len() == 3 && parts[0] == "1" && parts[1..].iter().all(is_base64);
        return (!is_hash).then_some("has a hash for a host that is not `|1|SALT|HASH`, both in base64");
    }
    for pattern in hosts.split(',').filter(|it| !it.is_empty()) {
        let host = pattern.strip_prefix('!').unwrap_or(pattern);
        if host.is_empty() {
            return Some("has a `!` with no host behind it");
        }
        if host.starts_with('[') && !has_port(host) {
            return Some("has a host in brackets without its port: it is `[HOST]:PORT`, or HOST alone for port 22");
        }
    }
    None
}

/// Whether it is `[HOST]:PORT` (Go's `net.SplitHostPort`).
fn has_port(host: &str) -> bool {
    let Some((name, port)) = host.strip_prefix('[').and_then(|it| it.split_once("]:")) else { return false };
    !name.contains(['[', ']']) && !port.contains([':', '[', ']'])
}

/// The fields of a key, each behind its length in four bytes (RFC 4253, 6.6); `None` where it ends too early.
fn fields(mut key: &[u8]) -> Option<Vec<&[u8]>> {
    let mut fields = Vec::new();
    while !key.is_empty() {
        let (length, rest) = key.split_at_checked(4)?;
        let length = usize::try_from(u32::from_be_bytes(length.try_into().ok()?)).ok()?;
        let (field, behind) = rest.split_at_checked(length)?;
        fields.push(field);
        key = behind;
    }
    Some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIBbf9tb2XkBV1Bdm4XZVtOBEXqBwCZ6mWC6GDGOQF+gq";

    #[test]
    fn lines_are_what_ssh_keyscan_prints() {
        let text = format!(
            "# git.example.org:22 SSH-2.0-x\r\ngit.example.org ssh-ed25519 {KEY}\r\n\n@cert-authority *.example.org ssh-ed25519 {KEY} a comment\n\
             |1|AAAA|BBBB ssh-ed25519 {KEY}\n[::1]:2222 ssh-ed25519 {KEY}\n!a.example.org,*.example.org,[b]:22,::1 ssh-ed25519 {KEY}\n\
             @revoked ! ssh-ed25519 {KEY}"
        );
        let found = lines(&text).expect("lines");
        assert_eq!(found.len(), 6);
        assert_eq!(found[0], format!("git.example.org ssh-ed25519 {KEY}"));
    }

    #[test]
    fn a_line_that_would_cost_argo_cd_all_its_hosts_is_named() {
        for wrong in [
            "git.example.org".to_owned(),
            format!("ssh-ed25519 {KEY}"),
            format!("git.example.org ssh-rsa {KEY}"),
            format!("git.example.org ssh-ed25519 {}", &KEY[..20]),
            format!("git.example.org ssh-ed448 {KEY}"),
            "-----BEGIN OPENSSH PRIVATE KEY-----".to_owned(),
        ] {
            let said = lines(&format!("\n{wrong}\n")).expect_err(&wrong);
            assert!(said.starts_with("line 2 ") && !said.contains("PRIVATE"), "{said}");
        }
    }

    #[test]
    fn a_host_that_would_cost_argo_cd_all_its_hosts_is_named() {
        for (host, why) in [
            ("[git.example.org]", "in brackets without its port"),
            ("a,![git.example.org]", "in brackets without its port"),
            ("[::1]22", "in brackets without its port"),
            ("[a]:22:22", "in brackets without its port"),
            ("!", "a `!` with no host"),
            ("a,!", "a `!` with no host"),
            ("|1|abc", "not `|1|SALT|HASH`"),
            ("|1|abc|AAAA", "not `|1|SALT|HASH`"),
            ("|2|AAAA|BBBB", "not `|1|SALT|HASH`"),
            ("|1|AAAA|BBBB|CCCC", "not `|1|SALT|HASH`"),
            ("@cert-authority @revoked", "is not HOST KIND KEY"),
        ] {
            let said = lines(&format!("{host} ssh-ed25519 {KEY}")).expect_err(host);
            assert!(said.starts_with("line 1 ") && said.contains(why), "{host}: {said}");
        }
    }
}
