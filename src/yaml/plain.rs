//! What a scalar without quotes can be.

/// A scalar that has no quotes, as a reader understands it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Plain {
    Null,
    Bool(bool),
    Integer(i64),
    /// An integer above those.
    Unsigned(u64),
    Float(f64),
    /// A time, as its reader writes it.
    Time(String),
    Text,
}

impl Plain {
    /// The type of YAML that this is.
    pub fn tag(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Integer(_) | Self::Unsigned(_) => "int",
            Self::Float(_) => "float",
            Self::Time(_) => "timestamp",
            Self::Text => "str",
        }
    }
}
