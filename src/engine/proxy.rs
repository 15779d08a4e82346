//! The proxy by which a server is reached: that of the kubeconfig, or else that of the environment, as Go's clients take it.

use std::fmt::{self, Display, Formatter};
use std::net::IpAddr;

use http::Uri;

use super::fault::{BY_PROXY, Fault, FaultKind};
use crate::env;
use crate::report::{Failure, Outcome};
use crate::schema::address;

/// What the client says of a proxy (HTTP, SOCKS) to which there is no connection.
const NOT_THERE: [&str; 2] = ["tunnel error: failed to create", "SOCKS error: failed to create"];
/// The port of a SOCKS proxy that names none, as Go's clients have it.
const SOCKS_PORT: u16 = 1080;

/// A proxy, and what names it.
#[derive(Debug, Clone)]
pub(super) struct Proxy {
    /// Its address.
    pub url: Uri,
    /// A variable, or an entry of the kubeconfig.
    pub named: String,
}

impl Proxy {
    /// A fault of a connection that goes by it: it may be the proxy that is not there, and not the server.
    pub fn tell(&self, fault: Fault) -> Fault {
        if !matches!(fault.kind, FaultKind::Unreachable | FaultKind::Untrusted) {
            return fault;
        }
        let is_there = !NOT_THERE.iter().any(|words| fault.message.contains(words));
        let how = if is_there { "" } else { "no connection to it: " };
        Fault { message: format!("{BY_PROXY}{self}: {how}{}", fault.message), ..fault }
    }
}

impl Display for Proxy {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let url = address::shown(&self.url.to_string());
        write!(f, "{}, which {} names", url.trim_end_matches('/'), self.named)
    }
}

/// The proxy that an address of a kubeconfig or of a variable means. Its scheme may be left out, as for Go and curl.
pub(super) fn parse(text: &str) -> Result<Uri, &'static str> {
    let text = text.trim();
    let whole = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    // Names are looked up by the SOCKS proxy either way.
    let whole = whole.replacen("socks5h://", "socks5://", 1);
    let uri: Uri = whole.parse().map_err(|_| "is no address of a proxy")?;
    let has_login = uri.authority().is_some_and(|it| it.as_str().contains('@'));
    if address::has_wrong_port(&whole) {
        return Err("has a port that is none from 1 to 65535");
    }
    match uri.scheme_str() {
        Some("socks5") if has_login => {
            Err("is a SOCKS proxy with a user name, which is not known here: use one without")
        }
        Some("socks5") if uri.port().is_none() => {
            let host = uri.host().unwrap_or_default();
            format!("socks5://{host}:{SOCKS_PORT}").parse().map_err(|_| "is no address of a proxy")
        }
        Some("http" | "https" | "socks5") => Ok(uri),
        _ => Err("is no address of http, https or socks5"),
    }
}

/// The proxy of the environment for this server.
pub(super) fn of_environment(server: &Uri) -> Outcome<Option<Proxy>> {
    let is_open = server.scheme_str() == Some("http");
    let names = if is_open { ["HTTP_PROXY", "http_proxy"] } else { ["HTTPS_PROXY", "https_proxy"] };
    let found = names.into_iter().find_map(|name| Some((name, env::get(name)?)));
    let excepted = ["NO_PROXY", "no_proxy"].into_iter().find_map(env::get).unwrap_or_default();
    let Some((name, text)) = found.filter(|_| is_proxied(server, &excepted)) else { return Ok(None) };
    match parse(&text) {
        Ok(url) => Ok(Some(Proxy { url, named: name.to_owned() })),
        Err(why) => {
            Err(Failure::failed(format!("the proxy that {name} names {why}"))
                .hint(format!("correct {name}, or unset it")))
        }
    }
}

/// Whether a server is reached by a proxy of the environment: never one of this machine, and none that `NO_PROXY` names.
fn is_proxied(server: &Uri, excepted: &str) -> bool {
    let server_text = server.to_string();
    let host = address::host(&server_text).to_ascii_lowercase();
    let port = server.port_u16().unwrap_or(if server.scheme_str() == Some("http") { 80 } else { 443 });
    let excepts = |one: &str| excepts(one, host.trim_end_matches('.'), port);
    !address::is_loopback(&server_text) && !excepted.split(',').map(str::trim).any(excepts)
}

/// Whether one part of `NO_PROXY` names this host: `*`, an address, a network, a domain with all below it, `.domain` with what is
/// below it alone; each but a network may have a port.
fn excepts(one: &str, host: &str, port: u16) -> bool {
    let one = one.to_ascii_lowercase();
    let ip = host.parse::<IpAddr>().ok();
    if one.is_empty() || one == "*" {
        return !one.is_empty();
    }
    if let Some((network, bits)) = one.split_once('/') {
        return ip
            .zip(network.parse().ok())
            .zip(bits.parse().ok())
            .is_some_and(|((ip, net), bits)| is_in(ip, net, bits));
    }
    let (name, wanted) = match one.rsplit_once(':') {
        Some((name, number)) if !name.contains(':') || name.ends_with(']') => {
            (name.to_owned(), number.parse::<u16>().ok())
        }
        _ => (one, None),
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    if wanted.is_some_and(|wanted| wanted != port) {
        return false;
    }
    if let Ok(address) = name.parse::<IpAddr>() {
        return ip == Some(address);
    }
    let domain = name.strip_prefix('*').unwrap_or(name);
    match domain.strip_prefix('.') {
        Some(_) => host.ends_with(domain),
        None => host == domain || host.strip_suffix(domain).is_some_and(|before| before.ends_with('.')),
    }
}

fn is_in(ip: IpAddr, network: IpAddr, bits: u32) -> bool {
    let same = |ip: u128, network: u128, width: u32| {
        width
            .checked_sub(bits)
            .is_some_and(|rest| ip.checked_shr(rest).unwrap_or(0) == network.checked_shr(rest).unwrap_or(0))
    };
    match (ip, network) {
        (IpAddr::V4(ip), IpAddr::V4(network)) => same(ip.to_bits().into(), network.to_bits().into(), 32),
        (IpAddr::V6(ip), IpAddr::V6(network)) => same(ip.to_bits(), network.to_bits(), 128),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_excepted_is_the_server() {
        for (server, excepted, is) in [
            ("https://10.1.2.3:6443", "", true),
            ("https://10.1.2.3:6443", "10.1.2.3", false),
            ("https://10.1.2.3:6443", "10.0.0.0/8", false),
            ("https://10.1.2.3:6443", "a, ,10.1.0.0/16,", false),
            ("https://11.1.2.3:6443", "10.0.0.0/8,0.0.0.0/33", true),
            ("https://11.1.2.3:6443", "0.0.0.0/0", false),
            ("https://10.1.2.3:6443", "10.1.2.3:6443", false),
            ("https://10.1.2.3:6443", "10.1.2.3:443", true),
            ("https://[fd00::1]:6443", "fd00::/8", false),
            ("https://[fd00::1]:6443", "[fd00::1]:6443", false),
            ("https://[fd00::1]:6443", "fd00::1", false),
            ("https://api.example.org", "example.org", false),
            ("https://example.org", "example.org:443", false),
            ("https://example.org", ".example.org", true),
            ("https://api.example.org", ".example.org", false),
            ("https://api.example.org", "*.example.org", false),
            ("https://badexample.org", "example.org", true),
            ("https://API.example.org", "api.EXAMPLE.org", false),
            ("https://api.example.org", "*", false),
            ("https://api.example.org", ",", true),
            ("https://127.0.0.1:6443", "", false),
            ("https://localhost:6443", "", false),
        ] {
            assert_eq!(is_proxied(&server.parse().expect("an address"), excepted), is, "{server} {excepted}");
        }
    }

    #[test]
    fn a_proxy_that_is_not_there_is_no_server_that_is_away() {
        let proxy = Proxy { url: parse("http://me:planted@p:1").expect("read"), named: "HTTPS_PROXY".to_owned() };
        for (kind, said, told) in [
            (
                FaultKind::Unreachable,
                "client error (Connect): tunnel error: failed to create underlying connection: refused",
                "by the proxy http://p:1, which HTTPS_PROXY names: no connection to it: client error",
            ),
            (
                FaultKind::Unreachable,
                "client error (Connect): SOCKS error: failed to create underlying connection",
                "by the proxy http://p:1, which HTTPS_PROXY names: no connection to it: client error",
            ),
            (
                FaultKind::Unreachable,
                "tunnel error: unsuccessful",
                "by the proxy http://p:1, which HTTPS_PROXY names: tunnel error: unsuccessful",
            ),
            (FaultKind::Busy, "overloaded", "overloaded"),
        ] {
            let fault = proxy.tell(Fault::new(kind, "look", said));
            assert!(fault.message.starts_with(told) && !fault.message.contains("planted"), "{fault}");
        }
    }

    #[test]
    fn a_proxy_is_read_with_and_without_its_scheme() {
        for (text, read) in [
            ("localhost:8888", Ok("http://localhost:8888/")),
            ("proxy.example", Ok("http://proxy.example/")),
            ("https://p:1", Ok("https://p:1/")),
            ("socks5://127.0.0.1:3", Ok("socks5://127.0.0.1:3/")),
            ("socks5h://127.0.0.1:3", Ok("socks5://127.0.0.1:3/")),
            ("socks5://[::1]", Ok("socks5://[::1]:1080/")),
            ("p:99999", Err("a port that is none")),
            ("socks5://p:0", Err("a port that is none")),
            ("socks5://u:p@h:1", Err("SOCKS proxy with a user name")),
            ("ftp://x", Err("http, https or socks5")),
            ("http://a b", Err("no address")),
        ] {
            match (parse(text).map(|uri| uri.to_string()), read) {
                (Ok(uri), Ok(read)) => assert_eq!(uri, read),
                (Err(why), Err(words)) => assert!(why.contains(words), "{text}: {why}"),
                (found, _) => panic!("{text}: {found:?}"),
            }
        }
    }
}
