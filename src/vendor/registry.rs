//! An OCI registry, asked for what a tag is, which tags there are, and for a blob (OCI distribution specification 1.1). What it gives
//! is bounded, and counts only by its digest.

use std::path::Path;
use std::time::Instant;

use secrecy::SecretString;
use serde_json::Value;

use super::download::download;
use super::login::Login;
use super::web::{Answer, By, ask};
use crate::document::Download;
use crate::files::sha256;
use crate::report::{Failure, Outcome, remember_secret};
use crate::schema::{ImageReference, address};

/// What a manifest may have in bytes: as much as registries have to take.
const LONGEST_MANIFEST: u64 = 4 << 20;
/// What a page of tags may have.
const LONGEST_PAGE: u64 = 8 << 20;
/// How many pages of tags are read, of a thousand each.
const MOST_PAGES: usize = 50;
/// What may stand for an image.
const MANIFESTS: [&str; 4] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];

/// How registries are asked.
#[derive(Debug, Clone, Copy)]
pub struct Registry<'a> {
    /// A server that has what all registries have, each below its host.
    pub mirror: Option<&'a str>,
    /// Who asks.
    pub login: &'a Login,
    /// A folder for files on the way.
    pub scratch: &'a Path,
    /// When it has to have answered.
    pub deadline: Instant,
}

/// What a registry has under a tag or digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The digest of its bytes.
    pub digest: String,
    /// What it says.
    pub content: Value,
}

impl Manifest {
    /// Its layers; none of a list of images.
    pub fn layers(&self) -> impl Iterator<Item = &Value> {
        self.content["layers"].as_array().into_iter().flatten()
    }

    /// The digest of the first image of a list.
    #[must_use]
    pub fn first_of_list(&self) -> Option<&str> {
        self.content["manifests"].as_array()?.first()?["digest"].as_str()
    }
}

impl Registry<'_> {
    /// What a registry has under the digest of a reference, or else under its tag.
    pub async fn manifest(&self, image: &ImageReference) -> Outcome<Manifest> {
        let place = self.place(image);
        let url = format!("{}/manifests/{}", place.url, image.version());
        let accept = MANIFESTS.iter().flat_map(|it| ["--header".to_owned(), format!("Accept: {it}")]);
        let answer = self.ask(&url, &place, &accept.collect::<Vec<_>>(), LONGEST_MANIFEST).await?;
        let digest = sha256(&answer.body);
        let told = answer.headers("docker-content-digest").next();
        let asked = image.digest.as_deref().filter(|it| it.starts_with("sha256:"));
        if let Some(other) = asked.into_iter().chain(told).find(|it| it.starts_with("sha256:") && **it != digest) {
            let message = format!("{image} has the digest {digest}, and {other} was to be had");
            return Err(Failure::failed(message).hint("somebody on the way has changed it: try another one"));
        }
        let content = serde_json::from_slice(&answer.body).map_err(|error| {
            Failure::failed(format!("{} is not answered with a manifest: {error}", address::shown(&url)))
        })?;
        Ok(Manifest { digest, content })
    }

    /// All tags of a repository.
    pub async fn tags(&self, image: &ImageReference) -> Outcome<Vec<String>> {
        let place = self.place(image);
        let mut next = Some(format!("{}/tags/list?n=1000", place.url));
        let mut tags = Vec::new();
        for _ in 0..MOST_PAGES {
            let Some(url) = next.take() else { return Ok(tags) };
            let answer = self.ask(&url, &place, &[], LONGEST_PAGE).await?;
            let page: Value = serde_json::from_slice(&answer.body).map_err(|error| {
                Failure::failed(format!("{} is not answered with tags: {error}", address::shown(&url)))
            })?;
            let list = page["tags"].as_array().into_iter().flatten();
            tags.extend(list.filter_map(Value::as_str).map(str::to_owned));
            next = answer.headers("link").find_map(next_page).map(|path| place.beside(&path)).transpose()?;
        }
        match next {
            None => Ok(tags),
            Some(_) => Err(Failure::failed(format!("{} has more than {MOST_PAGES} pages of tags", image.name()))),
        }
    }

    /// Writes a blob to a file, and holds it against its digest.
    pub async fn blob(&self, image: &ImageReference, digest: &str, file: &Path, most: u64) -> Outcome<Download> {
        let place = self.place(image);
        let url = format!("{}/blobs/{digest}", place.url);
        let head = ["--head".to_owned()];
        let first = ask(&url, By::Login(self.login), &head, self.scratch, LONGEST_MANIFEST, self.deadline).await?;
        let token = self.token_by(&first, &place).await?;
        let by = token.as_ref().map_or(By::Login(self.login), By::Token);
        let found = download(&url, by, file, most, self.deadline).await?;
        if found.sha256 == digest {
            return Ok(found);
        }
        Err(Failure::failed(format!("{} gives a blob with the digest {}", address::shown(&url), found.sha256)))
    }

    /// Asks, logging in where the registry wants that.
    async fn ask(&self, url: &str, place: &Place, args: &[String], most: u64) -> Outcome<Answer> {
        let first = ask(url, By::Login(self.login), args, self.scratch, most, self.deadline).await?;
        let answer = match self.token_by(&first, place).await? {
            Some(token) => ask(url, By::Token(&token), args, self.scratch, most, self.deadline).await?,
            None => first,
        };
        match answer.status {
            200 => Ok(answer),
            status => Err(refused(url, status)),
        }
    }

    /// The token of the server that an answer names (Docker's token authentication, which all registries have taken over).
    async fn token_by(&self, answer: &Answer, place: &Place) -> Outcome<Option<SecretString>> {
        if answer.status != 401 {
            return Ok(None);
        }
        let Some(challenge) = answer.headers("www-authenticate").find_map(|it| it.strip_prefix("Bearer ")) else {
            return Ok(None);
        };
        let Some(realm) = parameter(challenge, "realm") else { return Ok(None) };
        // Who answered may have been asked in the clear on this machine alone; whom it names must be as good.
        if address::is_open(&realm) {
            return Err(Failure::refused(format!("{} wants a login at {realm}, unencrypted", place.url)));
        }
        let scope = parameter(challenge, "scope").unwrap_or_else(|| format!("repository:{}:pull", place.repository));
        let mut args = vec!["--get".to_owned(), "--data-urlencode".to_owned(), format!("scope={scope}")];
        if let Some(service) = parameter(challenge, "service") {
            args.extend(["--data-urlencode".to_owned(), format!("service={service}")]);
        }
        let answer = ask(&realm, By::Login(self.login), &args, self.scratch, LONGEST_MANIFEST, self.deadline).await?;
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let token = said["token"].as_str().or(said["access_token"].as_str()).filter(|_| answer.status == 200);
        let Some(token) = token else { return Err(refused(&realm, answer.status)) };
        remember_secret(token);
        Ok(Some(SecretString::from(token)))
    }

    /// Where a repository is asked for.
    fn place(&self, image: &ImageReference) -> Place {
        let of = |server: &str, repository: String| Place {
            server: server.to_owned(),
            url: format!("{server}/v2/{repository}"),
            repository,
        };
        let Some(mirror) = self.mirror else {
            // The name that Docker Hub has in references is not that of its registry.
            let host = if image.registry == "docker.io" { "index.docker.io" } else { &image.registry };
            let scheme = if address::is_loopback(&format!("https://{host}")) { "http" } else { "https" };
            return of(&format!("{scheme}://{host}"), image.repository.clone());
        };
        let (scheme, rest) = mirror.trim_end_matches('/').split_once("://").unwrap_or(("https", mirror));
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let path = if path.is_empty() { String::new() } else { format!("{path}/") };
        of(&format!("{scheme}://{host}"), format!("{path}{}/{}", image.registry, image.repository))
    }
}

struct Place {
    server: String,
    url: String,
    repository: String,
}

impl Place {
    /// The address of the next page, which has to be on the same server.
    fn beside(&self, next: &str) -> Outcome<String> {
        if next.starts_with('/') && !next.starts_with("//") {
            return Ok(format!("{}{next}", self.server));
        }
        match next.strip_prefix(&self.server) {
            Some(rest) if rest.starts_with('/') => Ok(next.to_owned()),
            _ => Err(Failure::failed(format!("{} goes on at another server, {}", self.url, address::shown(next)))),
        }
    }
}

/// `<ADDRESS>; rel="next"`
fn next_page(link: &str) -> Option<String> {
    let (address, rest) = link.trim().strip_prefix('<')?.split_once('>')?;
    rest.contains("next").then(|| address.to_owned())
}

/// The value of `NAME="VALUE"` in a challenge.
fn parameter(challenge: &str, name: &str) -> Option<String> {
    let mut rest = challenge;
    loop {
        let (key, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_once(',').unwrap_or((after, "")),
        };
        if key.trim_matches([',', ' ']).eq_ignore_ascii_case(name) {
            return Some(value.trim().to_owned());
        }
        rest = next;
    }
}

fn refused(url: &str, status: u16) -> Failure {
    let failure = Failure::failed(format!("{} is answered with {status}", address::shown(url)));
    match status {
        401 | 403 => failure.hint("log in by `--netrc-file`, or to a mirror by `--mirror-login`"),
        404 => failure
            .hint("there is no such repository, tag or digest; a private one is not there to whoever is not logged in"),
        _ => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(image: &str, mirror: Option<&str>) -> String {
        let login = Login::default();
        let registry = Registry { mirror, login: &login, scratch: Path::new("."), deadline: Instant::now() };
        registry.place(&ImageReference::parse(image).expect("a reference")).url
    }

    #[test]
    fn a_repository_is_asked_for_where_it_is() {
        assert_eq!(place("nginx:1", None), "https://index.docker.io/v2/library/nginx");
        assert_eq!(place("r.example.org:5000/a/b:1", None), "https://r.example.org:5000/v2/a/b");
        assert_eq!(place("127.0.0.1:5000/a:1", None), "http://127.0.0.1:5000/v2/a");
        let mirrored = "https://m.example.org/v2/all/r.example.org/a";
        assert_eq!(place("r.example.org/a:1", Some("https://m.example.org/all/")), mirrored);
        assert_eq!(place("r.example.org/a", Some("http://127.0.0.1:1")), "http://127.0.0.1:1/v2/r.example.org/a");
    }

    #[test]
    fn a_challenge_is_read() {
        let challenge = r#"realm="https://a.example.org/token?x=1",service="r, s", scope=pull"#;
        assert_eq!(parameter(challenge, "realm").as_deref(), Some("https://a.example.org/token?x=1"));
        assert_eq!(parameter(challenge, "service").as_deref(), Some("r, s"));
        assert_eq!(parameter(challenge, "scope").as_deref(), Some("pull"));
        assert_eq!(parameter(challenge, "error"), None);
    }

    #[test]
    fn a_list_goes_on_at_the_same_server_alone() {
        let place = Place { server: "https://r.example".to_owned(), url: "u".to_owned(), repository: "a".to_owned() };
        assert_eq!(next_page("</v2/a/tags/list?last=b>; rel=\"next\"").as_deref(), Some("/v2/a/tags/list?last=b"));
        assert_eq!(place.beside("/v2/x").expect("here"), "https://r.example/v2/x");
        assert_eq!(place.beside("https://r.example/v2/x").expect("here"), "https://r.example/v2/x");
        for elsewhere in ["//other.example/v2", "https://r.example.evil/v2", "x"] {
            place.beside(elsewhere).expect_err(elsewhere);
        }
    }
}
