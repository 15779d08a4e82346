//! The kinds that Backstage's catalog knows by itself, and what each one's `spec` has to be.
//!
//! Source: the kinds of `@backstage/catalog-model` 1.10.3, the relations that `BuiltinKindsEntityProcessor` of
//! `@backstage/plugin-catalog-backend` 4.0.5 makes of them, and the templates of `@backstage/plugin-scaffolder-common`
//! 2.4.0. A test holds these against the packages.

use Form::{Flag, Line, List, Mixed, Object, OneOf, Pages, Ref, RefList, Refs, Text};

/// What a value has to be.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// A text with something in it.
    Line,
    /// Any text.
    Text,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A text, or true or false.
    Flag,
    /// A reference to an entity, of this kind when it says none.
    Ref(Option<&'static str>),
    /// A list of such references.
    RefList(Option<&'static str>),
    /// One such reference or a list of them; what else it is, Backstage does not ask.
    Refs,
    /// A list of these.
    List(&'static Form),
    /// A mapping with these fields, and any others.
    Object(&'static [Field]),
    /// A mapping with these fields, and texts besides.
    Mixed(&'static [Field]),
    /// A mapping with the first fields, or a list of mappings with the second ones.
    Pages(&'static [Field], &'static [Field]),
}

/// A field of a mapping.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it has to be.
    pub form: Form,
    /// Whether it has to be there.
    pub required: bool,
}

/// A kind.
#[derive(Debug)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// The versions under which it is known.
    pub versions: &'static [&'static str],
    /// The fields of its `spec`.
    pub spec: &'static [Field],
}

/// The metadata of every entity. Labels, annotations and what a text has to look like are looked at besides.
pub const METADATA: &[Field] = &[
    must("name", Line),
    may("namespace", Line),
    may("uid", Line),
    may("etag", Line),
    may("title", Line),
    may("description", Text),
    may("tags", List(&Line)),
    may("links", List(&Object(&[must("url", Line), may("title", Line), may("icon", Line), may("type", Line)]))),
];

/// The groups of Backstage's own kinds.
pub const GROUPS: [&str; 2] = ["backstage.io", "scaffolder.backstage.io"];
/// The kind whose entities name further files.
pub const LOCATION: &str = "Location";
/// The kind whose entities have steps.
pub const TEMPLATE: &str = "Template";

const VERSIONS: &[&str] = &["backstage.io/v1alpha1", "backstage.io/v1beta1"];
const GROUP: Option<&str> = Some("Group");
const OWNER: Field = must("owner", Ref(GROUP));
const SYSTEM: Field = may("system", Ref(Some("System")));
const PROFILE: Field = may("profile", Object(&[may("displayName", Line), may("email", Line), may("picture", Line)]));

/// All of them.
pub const KINDS: &[Kind] = &[
    kind(
        "Component",
        &[
            must("type", Line),
            must("lifecycle", Line),
            OWNER,
            SYSTEM,
            may("subcomponentOf", Ref(Some("Component"))),
            may("providesApis", RefList(Some("API"))),
            may("consumesApis", RefList(Some("API"))),
            may("dependsOn", RefList(None)),
            may("dependencyOf", Refs),
        ],
    ),
    kind("API", &[must("type", Line), must("lifecycle", Line), OWNER, must("definition", Line), SYSTEM]),
    kind("Resource", &[must("type", Line), OWNER, SYSTEM, may("dependsOn", RefList(None)), may("dependencyOf", Refs)]),
    kind("System", &[OWNER, may("domain", Ref(Some("Domain"))), may("type", Line)]),
    kind("Domain", &[OWNER, may("subdomainOf", Ref(Some("Domain"))), may("type", Line)]),
    kind(
        "Group",
        &[
            must("type", Line),
            must("children", RefList(GROUP)),
            may("parent", Ref(GROUP)),
            may("members", RefList(Some("User"))),
            PROFILE,
        ],
    ),
    kind("User", &[must("memberOf", RefList(GROUP)), PROFILE]),
    kind(
        LOCATION,
        &[
            may("type", Line),
            may("target", Line),
            may("targets", List(&Line)),
            may("presence", OneOf(&["required", "optional"])),
        ],
    ),
    Kind { name: TEMPLATE, versions: &["scaffolder.backstage.io/v1beta3"], spec: OF_TEMPLATE },
];

const PERMISSIONS: Field = may("backstage:permissions", Object(&[may("tags", List(&Text))]));
const DECORATORS: Form = List(&Object(&[may("id", Text), may("input", Object(&[]))]));
const OF_TEMPLATE: &[Field] = &[
    must("type", Line),
    must("steps", List(&Object(STEP))),
    may("owner", Ref(GROUP)),
    may("lifecycle", Line),
    may("parameters", Pages(&[PERMISSIONS], &[may("when", Flag), PERMISSIONS])),
    may("secrets", Object(&[may("schema", Object(&[]))])),
    may("presentation", Object(&[may("buttonLabels", Object(BUTTONS))])),
    may("EXPERIMENTAL_recovery", Object(&[may("EXPERIMENTAL_strategy", Text)])),
    may("formDecorators", DECORATORS),
    may("EXPERIMENTAL_formDecorators", DECORATORS),
    may("output", Mixed(&[may("links", List(&Object(LINK))), may("text", List(&Object(PARAGRAPH)))])),
];
const STEP: &[Field] = &[
    must("action", Text),
    may("id", Text),
    may("name", Text),
    may("input", Object(&[])),
    may("if", Flag),
    PERMISSIONS,
];
const BUTTONS: &[Field] = &[may("backButtonText", Text), may("createButtonText", Text), may("reviewButtonText", Text)];
const LINK: &[Field] =
    &[may("if", Flag), may("url", Line), may("entityRef", Line), may("title", Line), may("icon", Line)];
const PARAGRAPH: &[Field] = &[may("if", Flag), may("title", Line), may("icon", Line), may("content", Text)];

const fn kind(name: &'static str, spec: &'static [Field]) -> Kind {
    Kind { name, versions: VERSIONS, spec }
}

const fn must(name: &'static str, form: Form) -> Field {
    Field { name, form, required: true }
}

const fn may(name: &'static str, form: Form) -> Field {
    Field { name, form, required: false }
}
