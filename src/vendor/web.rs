//! A web server, asked by curl: never more than a bound, never over a worse connection than was asked for, and without anything
//! that the user has set for curl.

use std::path::Path;
use std::time::Instant;

use secrecy::{ExposeSecret as _, SecretString};

use super::login::{Login, quoted};
use crate::process::Program;
use crate::report::{Failure, Outcome};
use crate::schema::address::shown;

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status, such as 200.
    pub status: u16,
    /// The lines of the head, the names in small letters.
    pub headers: Vec<(String, String)>,
    /// What came behind it.
    pub body: Vec<u8>,
}

impl Answer {
    /// All values of a header.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(it, _)| it == name).map(|(_, value)| value.as_str())
    }
}

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    /// The logins that people gave.
    Login(&'a Login),
    /// A token that the server gave before.
    Token(&'a SecretString),
}

/// curl, which will ask for an address. What logs in goes to it on stdin, since arguments can be read by everybody; it gives that to
/// no other host that it is redirected to.
pub(super) fn curl(url: &str, by: By<'_>) -> Outcome<Program> {
    let protocols = match url.split_once("://") {
        Some(("https", _)) => "=https",
        Some(("http", _)) => "=https,http",
        _ => return Err(Failure::usage(format!("{} is not an http address", shown(url)))),
    };
    let curl = Program::new("curl")
        .on_network()
        // Only as the first argument (its manual page): the settings of the user would be read even without HOME.
        .args(["--disable", "--silent", "--show-error", "--globoff"])
        // What was asked for by https is not had by http, wherever a server redirects to.
        .args(["--location", "--max-redirs", "10", "--proto", protocols, "--proto-redir", protocols])
        .args(["--connect-timeout", "15"]);
    Ok(match by {
        By::Login(login) => login.give_to(curl),
        By::Token(token) => {
            let line = format!("header = \"Authorization: Bearer {}\"\n", quoted(token.expose_secret()));
            curl.args(["--config", "-"]).input(line.into_bytes())
        }
    })
}

/// Asks, with further arguments of curl, and gives whatever is answered, of no more than so many bytes. The head is kept in a file of
/// the scratch folder meanwhile.
pub async fn ask(
    url: &str,
    by: By<'_>,
    args: &[String],
    scratch: &Path,
    most: u64,
    deadline: Instant,
) -> Outcome<Answer> {
    let failed = |failure: Failure| failure.context(format!("failed to ask {}", shown(url)));
    let head = tempfile::NamedTempFile::new_in(scratch)
        .map_err(|error| Failure::failed(format!("failed to write below {}: {error}", scratch.display())))?;
    let curl = curl(url, by)?.args(["--dump-header"]).args([head.path()]).args(args).args(["--", url]);
    let ended = curl.bound(most).run(deadline).await.map_err(failed)?;
    if !ended.status.success() {
        let failure = Failure::failed(format!("{} does not answer", shown(url)));
        return Err(failure.details(ended.stderr.lines()));
    }
    let head = std::fs::read(head.path()).unwrap_or_default();
    let (status, headers) = last_head(&String::from_utf8_lossy(&head));
    Ok(Answer { status, headers, body: ended.stdout })
}

/// Status and lines of the last answer: those before it led on to another address.
fn last_head(text: &str) -> (u16, Vec<(String, String)>) {
    // At the beginning of a line: servers call themselves `BaseHTTP/0.6`.
    let last = text.rfind("\nHTTP/").map_or(text, |at| &text[at + 1..]);
    let status = last.split_whitespace().nth(1).and_then(|it| it.parse().ok()).unwrap_or_default();
    let pairs = last.lines().skip(1).filter_map(|line| line.split_once(':'));
    (status, pairs.map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_head_counts() {
        let text = "HTTP/1.1 302 Found\r\nLocation: /b\r\n\r\nHTTP/2 200 \r\nLink: <x>; rel=\"next\"\r\n\r\n";
        assert_eq!(last_head(text), (200, vec![("link".to_owned(), "<x>; rel=\"next\"".to_owned())]));
        assert_eq!(last_head(""), (0, Vec::new()));
        assert_eq!(last_head("HTTP/1.0 200 OK\r\nServer: BaseHTTP/0.6 Python/3.13\r\n").0, 200);
    }
}
