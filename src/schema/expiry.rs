//! When what logs in is good for nothing any more: read off tokens and certificates, without a look at who has signed them. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;
use zeroize::Zeroizing;

/// The end of a token, where it is a JSON web token that has one (`exp` of RFC 7519). The static token of a service account has
/// none.
#[must_use]
pub fn of_token(token: &str) -> Option<Timestamp> {
    let claims = token.split('.').nth(1)?;
    let claims = Zeroizing::new(URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?);
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    Timestamp::from_second(claims.get("exp")?.as_i64()?).ok()
}

/// The end of the first certificate of a PEM text (`notAfter` of RFC 5280).
#[must_use]
pub fn of_certificate(pem: &str) -> Option<Timestamp> {
    let (_, rest) = pem.split_once("-----BEGIN CERTIFICATE-----")?;
    let (text, _) = rest.split_once("-----END CERTIFICATE-----")?;
    let der = STANDARD.decode(text.split_whitespace().collect::<String>()).ok()?;
    let (certificate, _) = element(&der, SEQUENCE)?;
    let (mut signed, _) = element(certificate, SEQUENCE)?;
    if let Some((_, rest)) = element(signed, VERSION) {
        signed = rest;
    }
    for tag in [INTEGER, SEQUENCE, SEQUENCE] {
        (_, signed) = element(signed, tag)?; // number, algorithm, issuer
    }
    let (validity, _) = element(signed, SEQUENCE)?;
    let begin = element(validity, SHORT_TIME).or_else(|| element(validity, LONG_TIME))?.1;
    match element(begin, SHORT_TIME) {
        Some((end, _)) => time(&format!("{}{}", century(end)?, str::from_utf8(end).ok()?)),
        None => time(str::from_utf8(element(begin, LONG_TIME)?.0).ok()?),
    }
}

const INTEGER: u8 = 0x02;
const SHORT_TIME: u8 = 0x17;
const LONG_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xA0;

/// What is in the first element, where it has this tag, and what comes after it (DER, X.690).
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(*length), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            (bytes.iter().fold(0, |sum, byte| (sum << 8) | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let content = rest.split_at_checked(length)?;
    (*first == tag).then_some(content)
}

/// A short time has two digits of the year: up to 49 they are of this century (RFC 5280, 4.1.2.5.1).
fn century(time: &[u8]) -> Option<&'static str> {
    Some(if *time.first()? < b'5' { "20" } else { "19" })
}

/// `20260731120000Z`. The last moment of all, by which a certificate says that it never ends (RFC 5280, 4.1.2.5), is behind the last
/// one of our clock, which stands for it.
fn time(text: &str) -> Option<Timestamp> {
    let digits = text.strip_suffix('Z').filter(|it| it.len() == 14 && it.bytes().all(|b| b.is_ascii_digit()))?;
    let part = |from: usize| &digits[from..from + 2];
    let day = format!("{}-{}-{}", &digits[..4], part(4), part(6));
    let moment: DateTime = format!("{day}T{}:{}:{}", part(8), part(10), part(12)).parse().ok()?;
    Some(moment.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |it| it.timestamp()))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Made by `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -days 3650 -subj /CN=a`.
    pub const SHORT: &str = include_str!("../../tests/data/certificate.pem");
    /// The same with `-days 12000`.
    pub const LONG: &str = "-----BEGIN CERTIFICATE-----\n\
        MIIBbzCCARWgAwIBAgIUEUS35Kg2X/QCndjHW4EqtLwHimswCgYIKoZIzj0EAwIw\n\
        DDEKMAgGA1UEAwwBYTAgFw0yNjExMjkxNDIyMDVaGA8yMDU5MTAwNzE0MjIwNVow\n\
        DDEKMAgGA1UEAwwBYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABIlsGnLw6Mkq\n\
        Hf7HQzTaYWw1RG9syc2QUh0mEpdt+IBV5WeGwFPZgxn5EeeV8+UCixYSCVVjAjHp\n\
        +8bGrta4Nd2jUzBRMB0GA1UdDgQWBBTRdHJaL47pj1ha0JDvpVt1b30QgDAfBgNV\n\
        HSMEGDAWgBTRdHJaL47pj1ha0JDvpVt1b30QgDAPBgNVHRMBAf8EBTADAQH/MAoG\n\
        CCqGSM49BAMCA0gAMEUCIHf9h0D0u4Q+z3w3lC0aenZQTsIathxSECt+DbXnJBEh\n\
        AiEAvyCHkWlYqbyGj9fWVlvdoP/L5QiSoRgkwlOe6cSQQ9g=\n\
        -----END CERTIFICATE-----";

    #[test]
    fn certificates_say_until_when_they_are_good() {
        assert_eq!(of_certificate(SHORT).expect("a time").to_string(), "2036-11-26T14:21:58Z");
        assert_eq!(of_certificate(LONG).expect("a time").to_string(), "2059-10-07T14:22:05Z");
        for wrong in ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", &SHORT[..90]] {
            assert_eq!(of_certificate(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_certificate_without_an_end_ends_with_our_clock() {
        let text = LONG.lines().filter(|line| !line.starts_with('-')).collect::<String>();
        let mut der = STANDARD.decode(text).expect("base64");
        let end = b"20591007142205Z";
        let at = der.windows(end.len()).position(|it| it == end).expect("its end");
        for (end, read) in [(b"99991231235959Z", Some(Timestamp::MAX)), (b"99991331235959Z", None)] {
            der[at..at + end.len()].copy_from_slice(end);
            let pem = format!("-----BEGIN CERTIFICATE-----{}-----END CERTIFICATE-----", STANDARD.encode(&der));
            assert_eq!(of_certificate(&pem), read);
        }
    }

    #[test]
    fn tokens_say_it_where_they_end() {
        let token = |claims: &str| format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims));
        let end = of_token(&token(r#"{"exp":1893456000,"sub":"a"}"#));
        assert_eq!(end.expect("a time").to_string(), "2030-01-01T00:00:00Z");
        for endless in [token("{}"), token("[]"), token(r#"{"exp":"soon"}"#), "opaque".to_owned(), "a.b.c".to_owned()] {
            assert_eq!(of_token(&endless), None, "{endless}");
        }
    }
}
