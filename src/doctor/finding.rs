//! What a check has found, and how much harm is in it.

use std::fmt;

use serde::{Serialize, Serializer};

use super::code::Code;

/// How much harm is in a finding. From [`Harm::Trouble`] on it is an error to whoever asks strictly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Harm {
    /// 1: nothing is broken by it; somebody should know.
    Note,
    /// 2: something does not work, or goes unseen, or opens a door.
    Trouble,
    /// 3: something is being lost, or the next plain step loses it.
    Loss,
}

impl fmt::Display for Harm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "1 note",
            Self::Trouble => "2 trouble",
            Self::Loss => "3 loss",
        })
    }
}

impl Serialize for Harm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(match self {
            Self::Note => 1,
            Self::Trouble => 2,
            Self::Loss => 3,
        })
    }
}

/// Something that is wrong with one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is, by its stable name: a key of `docs/doctor.md`.
    pub code: &'static str,
    /// How much harm is in it here.
    pub harm: Harm,
    /// Kind, namespace and name of the object.
    pub object: String,
    /// What is wrong with it.
    pub says: String,
    /// All fields, objects or whatever it is about, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    /// What to do about it.
    pub remedy: &'static str,
}

impl Finding {
    /// One of this code about this object.
    #[must_use]
    pub fn new(code: Code, harm: Harm, object: &impl fmt::Display, says: impl Into<String>) -> Self {
        let (object, says) = (object.to_string(), says.into());
        Self { code: code.name, harm, object, says, details: Vec::new(), remedy: code.remedy }
    }

    /// The same, about these in particular.
    #[must_use]
    pub fn with_details(self, details: Vec<String>) -> Self {
        Self { details, ..self }
    }
}
