//! Certificates and keys in PEM. What is kept of a text is what Argo CD, git and OpenSSL read alike: the blocks, one after the
//! other, with nothing around them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::pem::{PemObject as _, SectionKind};
use zeroize::Zeroizing;

use super::expiry;

/// What Argo CD reads of one host; of more it takes nothing (argo-cd 3.6.1 `util/cert/cert.go`).
const MOST: usize = 256;
/// The lines that it reads of one certificate, those around it included.
const LINES: usize = 128;
/// The letters of a line (RFC 7468).
const WIDTH: usize = 64;

/// The certificates of a text, each a block of its own.
pub fn certificates(text: &str) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    for section in sections(text) {
        let (kind, der) = section?;
        if kind != SectionKind::Certificate {
            continue;
        }
        let number = found.len() + 1;
        let block = block("CERTIFICATE", &der);
        if expiry::of_certificate(&block).is_none() {
            return Err(format!("certificate {number} in it is none of X.509"));
        }
        if block.lines().count() > LINES {
            return Err(format!("certificate {number} in it has more than the {LINES} lines that Argo CD reads"));
        }
        found.push(block.to_string());
    }
    match found.len() {
        0 if holds_key(text) => Err("it holds a private key, and no certificate".to_owned()),
        0 => Err("it holds no certificate in PEM (`-----BEGIN CERTIFICATE-----`)".to_owned()),
        count if count > MOST => Err(format!("it holds {count} certificates, and Argo CD reads {MOST} of a host")),
        _ => Ok(found),
    }
}

/// The certificates by which a host is trusted. They are committed, so nothing secret may be beside them.
pub fn authorities(text: &str) -> Result<String, String> {
    let found = certificates(text)?;
    if holds_key(text) {
        return Err("it holds a private key beside the certificates, which would be committed".to_owned());
    }
    Ok(found.concat())
}

/// The private key of a text.
pub fn private_key(text: &str) -> Result<Zeroizing<String>, String> {
    if text.contains("ENCRYPTED") {
        return Err("the key has a passphrase, and nobody is there to be asked for it".to_owned());
    }
    let mut found = None;
    for section in sections(text) {
        let (kind, der) = section?;
        let der = Zeroizing::new(der);
        let label = match kind {
            SectionKind::PrivateKey => "PRIVATE KEY",
            SectionKind::RsaPrivateKey => "RSA PRIVATE KEY",
            SectionKind::EcPrivateKey => "EC PRIVATE KEY",
            _ => continue,
        };
        if found.replace(block(label, &der)).is_some() {
            return Err("it holds more than one private key".to_owned());
        }
    }
    let instead = if text.contains("-----BEGIN CERTIFICATE-----") { ", but a certificate" } else { "" };
    found.ok_or_else(|| format!("it holds no private key in PEM (`-----BEGIN PRIVATE KEY-----`){instead}"))
}

fn holds_key(text: &str) -> bool {
    text.contains("PRIVATE KEY-----")
}

fn sections(text: &str) -> impl Iterator<Item = Result<(SectionKind, Vec<u8>), String>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // What the parser says may repeat a line of a key.
    <(SectionKind, Vec<u8>)>::pem_slice_iter(text.as_bytes())
        .map(|section| section.map_err(|_| "a block of it is broken: it has no end, or is no base64".to_owned()))
}

fn block(label: &str, der: &[u8]) -> Zeroizing<String> {
    let encoded = Zeroizing::new(STANDARD.encode(der));
    let mut block = Zeroizing::new(format!("-----BEGIN {label}-----\n"));
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, others) = rest.split_at(rest.len().min(WIDTH));
        block.push_str(line);
        block.push('\n');
        rest = others;
    }
    block.push_str("-----END ");
    block.push_str(label);
    block.push_str("-----\n");
    block
}

#[cfg(test)]
mod tests {
    use super::expiry::tests::{LONG, SHORT};
    use super::*;

    const KEY: &str = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n\
        -----BEGIN EC PRIVATE KEY-----\nc2VjcmV0\n-----END EC PRIVATE KEY-----\n";

    #[test]
    fn of_certificates_the_blocks_are_kept_and_nothing_around_them() {
        let text = format!("\u{feff}subject=CN = a\r\n{}\r\n\n# the next one\n{LONG}", SHORT.replace('\n', "\r\n"));
        let kept = authorities(&text).expect("certificates");
        assert_eq!(kept, format!("{SHORT}{LONG}\n"));
        assert_eq!(certificates(&kept).expect("two").len(), 2);
        assert_eq!(authorities(&kept).as_deref(), Ok(kept.as_str()));
    }

    #[test]
    fn what_is_no_certificate_is_told_apart() {
        let garbage = "-----BEGIN CERTIFICATE-----\nc2VjcmV0\n-----END CERTIFICATE-----\n";
        for (text, why) in [
            (String::new(), "no certificate in PEM"),
            ("MIIB".to_owned(), "no certificate in PEM"),
            (KEY.to_owned(), "a private key, and no certificate"),
            (format!("{SHORT}\n{KEY}"), "a private key beside the certificates"),
            (format!("{SHORT}\n{garbage}"), "certificate 2 in it is none of X.509"),
            (SHORT[..SHORT.len() - 30].to_owned(), "has no end"),
            (SHORT.replace("MIIB", "M*IB"), "no base64"),
            (format!("{SHORT}\n").repeat(MOST + 1), "it holds 257 certificates"),
        ] {
            let said = authorities(&text).expect_err(why);
            assert!(said.contains(why), "{said}");
            assert!(!said.contains("c2VjcmV0"), "{said}");
        }
    }

    #[test]
    fn of_a_key_its_block_is_kept() {
        let kept = private_key(&format!("{SHORT}\n{KEY}")).expect("a key");
        assert_eq!(*kept, "-----BEGIN EC PRIVATE KEY-----\nc2VjcmV0\n-----END EC PRIVATE KEY-----\n");
        for (text, why) in [
            ("", "no private key in PEM"),
            (SHORT, ", but a certificate"),
            (&KEY.repeat(2), "more than one"),
            ("-----BEGIN ENCRYPTED PRIVATE KEY-----\nc2VjcmV0\n-----END ENCRYPTED PRIVATE KEY-----", "a passphrase"),
        ] {
            let said = private_key(text).expect_err(why);
            assert!(said.contains(why) && !said.contains("c2VjcmV0"), "{said}");
        }
    }
}
