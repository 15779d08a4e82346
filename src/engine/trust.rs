//! What a connection that fails says of certificates (in the words of rustls): whose is wrong, whether it becomes right by itself, and
//! the remedy.

/// What is said of a certificate of the server.
const THEIRS: &str = "invalid peer certificate";
/// What is said when the server ends the connection; the name of the alert follows.
const ALERT: &str = "received fatal alert: ";
/// The alerts about a certificate (RFC 8446, section 6.2): a server sends them about ours. The others are about its own state.
const ABOUT_OURS: [&str; 8] = [
    "BadCertificate",
    "UnsupportedCertificate",
    "CertificateRevoked",
    "CertificateExpired",
    "CertificateUnknown",
    "UnknownCA",
    "AccessDenied",
    "CertificateRequired",
];

/// Whose certificate is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// The server's.
    Theirs,
    /// That of whoever logs in.
    Ours,
}

/// Whose is wrong; `None` where the connection failed otherwise.
pub(super) fn whose(message: &str) -> Option<Whose> {
    if message.contains(THEIRS) { Some(Whose::Theirs) } else { is_about_ours(message).then_some(Whose::Ours) }
}

pub(super) fn is_about_ours(message: &str) -> bool {
    let alert = message.split_once(ALERT).and_then(|(_, name)| name.split(|c: char| !c.is_alphanumeric()).next());
    alert.is_some_and(|alert| ABOUT_OURS.contains(&alert))
}

/// A certificate that is wrong now is wrong a moment later, but for one that was made a moment ago, by another clock.
pub(super) fn may_pass(message: &str) -> bool {
    message.contains("not valid yet") || message.contains("NotValidYet")
}

/// What to do about a certificate that is wrong.
pub(super) fn remedy(message: &str) -> &'static str {
    let says = |words: &str| message.contains(words);
    if is_about_ours(message) {
        "the server takes no certificate of ours: check `client-certificate-data` and `client-key-data` of the user in the kubeconfig"
    } else if says("UnknownIssuer") {
        "give the cluster in the kubeconfig the `certificate-authority-data` of the authority that has signed the server's certificate; \
         a proxy that opens TLS has one of its own"
    } else if says("CaUsedAsEndEntity") {
        "the server shows the certificate of an authority as its own: give it one that the authority has signed"
    } else if says("not valid for name") || says("NotValidForName") {
        "give the cluster in the kubeconfig a `server`, or a `tls-server-name`, that the certificate is for"
    } else if says("expired") || says("Expired") || may_pass(message) {
        "renew the certificate of the server, and check the clock of this machine"
    } else if says("Unsupported") || says("BadSignature") {
        "give the server a certificate with a key of another kind: P-256, P-384, Ed25519 and RSA from 2048 bits are known here"
    } else {
        "check the certificate of the server, and `certificate-authority-data` of the cluster in the kubeconfig"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_certificate_is_told_with_its_own_remedy() {
        for (said, hint) in [
            ("client error (Connect): invalid peer certificate: UnknownIssuer", "certificate-authority-data"),
            ("invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))", "that the authority has signed"),
            (
                "invalid peer certificate: certificate not valid for name \"a\"; certificate is only valid for b",
                "tls-server-name",
            ),
            ("invalid peer certificate: certificate expired: verification time 1", "clock"),
            ("invalid peer certificate: UnsupportedSignatureAlgorithmForPublicKeyContext", "another kind"),
            ("client error (SendRequest): received fatal alert: CertificateRequired", "client-key-data"),
            ("received fatal alert: UnknownCA", "client-key-data"),
        ] {
            let ours = said.contains("fatal alert");
            assert_eq!(whose(said), Some(if ours { Whose::Ours } else { Whose::Theirs }), "{said}");
            assert!(!may_pass(said) && remedy(said).contains(hint), "{said}: {}", remedy(said));
        }
    }

    #[test]
    fn a_server_that_cannot_say_more_is_asked_again() {
        for said in [
            "tcp connect error: Connection refused",
            "received fatal alert: InternalError",
            "received fatal alert: UnrecognisedName",
            "received fatal alert: HandshakeFailure",
            "received fatal alert: ProtocolVersion",
            "received fatal alert: BadCertificateStatusResponse",
        ] {
            assert_eq!(whose(said), None, "{said}");
        }
        let early = "invalid peer certificate: certificate not valid yet: verification time 1";
        assert!(whose(early) == Some(Whose::Theirs) && may_pass(early));
    }
}
