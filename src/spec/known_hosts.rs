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
const MARKERS: [&str; 2] = ["@cert-authority", "@revoked"];

/// The lines with keys, without comments; or what is wrong with the first that is none.
pub fn lines(text: &str) -> Result<Vec<&str>, String> {
    let lines = text.lines().map(str::trim).enumerate();
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|(index, line)| {
            let wrong = || format!("line {} is not HOST KIND KEY with a key as `ssh-keyscan` prints it", index + 1);
            is_one(line).then_some(line).ok_or_else(wrong)
        })
        .collect()
}

fn is_one(line: &str) -> bool {
    let mut words = line.split_ascii_whitespace().peekable();
    words.next_if(|word| MARKERS.contains(word));
    let (Some(_hosts), Some(kind), Some(key)) = (words.next(), words.next(), words.next()) else { return false };
    // The kind once more, and what the key is.
    let is_of_kind = |key: &[u8]| fields(key).is_some_and(|it| it.len() > 1 && it.first() == Some(&kind.as_bytes()));
    KINDS.contains(&kind) && STANDARD.decode(key).is_ok_and(|key| is_of_kind(&key))
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
             |1|AAAA|BBBB ssh-ed25519 {KEY}\n[::1]:2222 ssh-ed25519 {KEY}"
        );
        let found = lines(&text).expect("lines");
        assert_eq!(found.len(), 4);
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
}
