//! What a hub offers: the kinds that may be ordered, and the namespaces for them.

use serde_json::Value;

use super::derived;
use crate::document::read_hub_as_it_is;
use crate::files::Snapshot;
use crate::hub_repository::layout::{HUB_FILE, RepoFile};
use crate::object::str_at;
use crate::render::bead::{ClaimKind, claim_kinds, tells_of_claims};
use crate::report::{Failure, Outcome};
use crate::schema::matches;

/// What a hub offers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Offer {
    /// The kinds.
    pub kinds: Vec<Offered>,
    /// The namespaces, with `*` for any characters.
    pub namespaces: Vec<String>,
    /// The folder of the claims repository.
    pub path: String,
}

/// A kind that may be ordered.
#[derive(Debug, Clone, PartialEq)]
pub struct Offered {
    /// Its group.
    pub group: String,
    /// Its name.
    pub kind: String,
    /// The bead whose it is; empty where that is not known.
    pub bead: String,
    /// The kind of the composite resources behind it, where it is a claim.
    pub composite: Option<String>,
    /// The definition that Crossplane makes of it; `None` where its XRD is in a package.
    pub definition: Option<Value>,
}

impl Offered {
    /// What a bead offers, with the definition that Crossplane makes.
    #[must_use]
    pub fn of(kind: &ClaimKind) -> Self {
        let composite = kind.definition.as_ref().map(|it| str_at(it, "/spec/names/kind"));
        Self {
            group: kind.group.clone(),
            kind: kind.kind.clone(),
            bead: kind.bead.clone(),
            composite: composite.filter(|it| *it != kind.kind).map(str::to_owned),
            definition: kind.definition.as_ref().map(|xrd| derived::definition(xrd, &kind.kind)),
        }
    }

    /// What it is called where its group matters.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{}.{}", self.kind, self.group)
    }

    /// Whose it is, where that is known.
    pub(super) fn of_bead(&self) -> String {
        if self.bead.is_empty() { String::new() } else { format!(" of bead {}", self.bead) }
    }
}

impl Offer {
    /// What the hub of these files offers.
    pub fn of(files: &Snapshot) -> Outcome<Self> {
        let hub = files.get(HUB_FILE).and_then(Option::as_ref).ok_or_else(|| {
            Failure::usage(format!("there is no hub repository: {HUB_FILE} is missing"))
                .hint("`--hub` names a checkout of the hub repository, or its address and branch")
        })?;
        let hub = read_hub_as_it_is(&format!("{HUB_FILE} of the hub repository"), &String::from_utf8_lossy(hub))?;
        let claims = hub.spec.claims.ok_or_else(no_claims)?;
        Ok(Self {
            kinds: claim_kinds(files)?.iter().map(Offered::of).collect(),
            namespaces: claims.namespaces,
            path: claims.repository.path,
        })
    }

    /// Whether claims may be in a namespace.
    #[must_use]
    pub fn reaches(&self, namespace: &str) -> bool {
        self.namespaces.iter().any(|pattern| matches(pattern, namespace))
    }
}

/// What is said of a hub without a claims repository.
#[must_use]
pub fn no_claims() -> Failure {
    Failure::usage("the hub has no claims repository").hint("name it in `spec.claims` of hub.yaml, and upgrade the hub")
}

/// Whether an [`Offer`] reads the file at a path of the hub repository.
#[must_use]
pub fn tells(path: &str) -> bool {
    RepoFile::of(path) == Some(RepoFile::Hub) || tells_of_claims(path)
}
