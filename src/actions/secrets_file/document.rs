//! What is in an export, before it is encrypted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::document::ApiVersion;
use crate::object::ObjectRef;
use crate::report::{Failure, Outcome};

/// An export. The fields are in the order in which they are written: `complete` is the last.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Export {
    api_version: ApiVersion,
    kind: ExportKind,
    /// The version of the tool.
    tool: String,
    /// When it was made.
    pub time: String,
    /// Of which hub.
    pub hub: OfHub,
    /// How much is in it.
    pub counts: Counts,
    /// The namespaces of the Secrets, each with the marks by which an installation knows what it has made.
    pub namespaces: BTreeMap<String, BTreeMap<String, String>>,
    /// The Secrets.
    pub secrets: Vec<Kept>,
    /// Whether all of it was written.
    complete: bool,
}

/// The kind of the document.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum ExportKind {
    SecretsExport,
}

/// Of which hub an export is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OfHub {
    /// Its name.
    pub name: String,
    /// The UID of its cluster.
    pub cluster_uid: String,
    /// The address of its repository.
    pub repository: String,
    /// The branch.
    pub branch: String,
    /// The commit that it had synced.
    pub revision: String,
    /// Whether its root was Synced.
    pub synced: bool,
}

/// How much is in an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Secrets.
    pub secrets: usize,
    /// Their keys.
    pub keys: usize,
}

/// A Secret as it is kept. Its values are wiped when it is dropped, and nothing prints them.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Kept {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub form: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Whether it can never be changed.
    pub immutable: bool,
    /// The field manager of ours that has written it, or that is to write it.
    pub manager: String,
    /// Its values, in base64.
    pub data: BTreeMap<String, String>,
}

impl Kept {
    /// What it is called.
    pub fn object(&self) -> ObjectRef {
        ObjectRef::new("v1", "Secret", Some(&self.namespace), &self.name)
    }

    /// Its name as people give it: `namespace/name`.
    pub fn title(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.data.values_mut().for_each(zeroize::Zeroize::zeroize);
    }
}

impl Counts {
    /// How much these are.
    pub fn of(secrets: &[Kept]) -> Self {
        Self { secrets: secrets.len(), keys: secrets.iter().map(|it| it.data.len()).sum() }
    }

    /// Whether this is less than half of the other.
    pub fn falls_far_below(self, other: Self) -> bool {
        self.secrets * 2 < other.secrets || self.keys * 2 < other.keys
    }
}

impl Export {
    /// An export of these Secrets.
    pub fn of(
        hub: OfHub,
        time: String,
        namespaces: BTreeMap<String, BTreeMap<String, String>>,
        secrets: Vec<Kept>,
    ) -> Self {
        Self {
            api_version: ApiVersion::V1Alpha1,
            kind: ExportKind::SecretsExport,
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            time,
            hub,
            counts: Counts::of(&secrets),
            namespaces,
            secrets,
            complete: true,
        }
    }

    /// Its text.
    pub fn write(&self) -> Outcome<Zeroizing<Vec<u8>>> {
        // Room for all of it: a text that grows leaves copies behind.
        let values: usize = self.secrets.iter().flat_map(|it| it.data.values()).map(String::len).sum();
        let mut text = Zeroizing::new(Vec::with_capacity(2 * values + (1 << 16)));
        serde_json::to_writer(&mut *text, self)
            .map_err(|error| Failure::failed(format!("failed to write the export: {error}")))?;
        Ok(text)
    }

    /// Reads one that was decrypted. Nothing of it is repeated in what is said.
    pub fn read(shown: &str, text: &[u8]) -> Outcome<Self> {
        let foreign = |why: String| {
            Failure::refused(format!("{shown} is no export of Secrets that this version can read; nothing was written"))
                .details([why])
                .hint("name a file that `backstack secrets export` wrote, with this version or an earlier one")
        };
        let export: Self = serde_json::from_slice(text).map_err(|error| {
            // Its own words would quote a value.
            foreign(format!("{:?} error at line {}, column {}", error.classify(), error.line(), error.column()))
        })?;
        if !export.complete || export.counts != Counts::of(&export.secrets) {
            return Err(Failure::refused(format!("{shown} is not complete; nothing was written"))
                .details([format!("it says {} Secrets, and has {}", export.counts.secrets, export.secrets.len())])
                .hint("take another copy of the export"));
        }
        let mut names: Vec<String> = export.secrets.iter().map(Kept::title).collect();
        names.sort();
        if let Some(twice) = names.windows(2).find(|it| it[0] == it[1]) {
            let twice = twice[0].clone();
            return Err(foreign(format!("{twice} is in it twice")));
        }
        Ok(export)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub fn hub() -> OfHub {
        OfHub {
            name: "h".to_owned(),
            cluster_uid: "u".to_owned(),
            repository: "https://git.example.org/hub.git".to_owned(),
            branch: "main".to_owned(),
            revision: "c".to_owned(),
            synced: true,
        }
    }

    pub fn kept(namespace: &str, name: &str, data: &[(&str, &str)]) -> Kept {
        Kept {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            form: "Opaque".to_owned(),
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
            immutable: false,
            manager: "backstack-credentials".to_owned(),
            data: data.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        }
    }

    fn written(secrets: Vec<Kept>) -> String {
        let export = Export::of(hub(), "2026-01-01T00:00:00Z".to_owned(), BTreeMap::new(), secrets);
        String::from_utf8(export.write().expect("written").to_vec()).expect("JSON")
    }

    #[test]
    fn what_was_written_is_read() {
        let text = written(vec![kept("a", "b", &[("k", "dg==")]), kept("a", "c", &[])]);
        let read = Export::read("f", text.as_bytes()).expect("read");
        assert_eq!((read.counts, read.hub), (Counts { secrets: 2, keys: 1 }, hub()));
        assert!(text.ends_with("\"complete\":true}"), "the mark is the last: {text}");
    }

    #[test]
    fn what_is_not_whole_is_refused_and_no_value_is_repeated() {
        let text = written(vec![kept("a", "b", &[("k", "c2VjcmV0LXZhbHVl")])]);
        for broken in [
            text.replace("\"complete\":true", "\"complete\":false"),
            text.replace("\"secrets\":1", "\"secrets\":2"),
            text.replace("\"c2VjcmV0LXZhbHVl\"", "{\"c2VjcmV0LXZhbHVl\":1}"),
            text.replace("SecretsExport", "c2VjcmV0LXZhbHVl"),
            text.replace("\"tool\"", "\"c2VjcmV0LXZhbHVl\""),
            written(vec![kept("a", "b", &[]), kept("a", "b", &[])]),
            "hello".to_owned(),
        ] {
            let Err(refused) = Export::read("f", broken.as_bytes()) else { panic!("{broken}") };
            assert_eq!(refused.exit.code(), 3);
            assert!(!refused.render().contains("c2VjcmV0LXZhbHVl"), "{}", refused.render());
        }
    }

    #[test]
    fn less_than_half_is_far_below() {
        let counts = |secrets, keys| Counts { secrets, keys };
        assert!(counts(4, 20).falls_far_below(counts(9, 20)));
        assert!(counts(9, 4).falls_far_below(counts(9, 9)));
        assert!(!counts(5, 10).falls_far_below(counts(10, 20)));
    }
}
