//! The words of Crossplane, each said once: the groups of its kinds, kinds that are worked with, categories, annotations.
//!
//! Sources: crossplane 2.1, `apis`, and crossplane-runtime, `pkg/meta/meta.go`; of what 2 no longer has, crossplane 1.20.

/// What its chart, its Deployment and its command line are called.
pub const PROGRAM: &str = "crossplane";
/// The namespace that its documentation installs it into.
pub const NAMESPACE: &str = "crossplane-system";
/// How references to packages of its community begin.
pub const REGISTRY: &str = "xpkg.crossplane.io/";

/// What the groups of its own kinds end with, and those of some providers.
pub const ENDING: &str = ".crossplane.io";
/// The group of definitions and of Compositions.
pub const EXTENSIONS: &str = "apiextensions.crossplane.io";
/// That group in its first version, and in that in which a definition with no scope is about namespaces.
pub const EXTENSIONS_V1: &str = "apiextensions.crossplane.io/v1";
/// See [`EXTENSIONS_V1`].
pub const EXTENSIONS_V2: &str = "apiextensions.crossplane.io/v2";
/// The group of packages and their revisions.
pub const PACKAGES: &str = "pkg.crossplane.io";
/// The group of operations.
pub const OPERATIONS: &str = "ops.crossplane.io";
/// The group of what holds up deletions.
pub const PROTECTION: &str = "protection.crossplane.io";
/// The group of external secret stores, until 1.20.
pub const STORES: &str = "secrets.crossplane.io";
/// The group of the file that describes a package. No API server serves it.
pub const PACKAGE_FILE: &str = "meta.pkg.crossplane.io";
/// How the version of the input of the function patch-and-transform begins.
pub const PATCH_AND_TRANSFORM: &str = "pt.fn.crossplane.io/";

/// What defines an API: a composite resource definition.
pub const XRD: &str = "CompositeResourceDefinition";
/// What a composite resource is made of.
pub const COMPOSITION: &str = "Composition";
/// What is made of each change of one.
pub const COMPOSITION_REVISION: &str = "CompositionRevision";
/// What the definition of a provider's kind is made of.
pub const MANAGED_DEFINITION: &str = "ManagedResourceDefinition";
/// A package with the controllers of kinds.
pub const PROVIDER: &str = "Provider";
/// A package with a step of Compositions.
pub const FUNCTION: &str = "Function";
/// A package with definitions and Compositions.
pub const CONFIGURATION: &str = "Configuration";
/// What is made of each version of a provider.
pub const PROVIDER_REVISION: &str = "ProviderRevision";
/// What is made of each version of a configuration.
pub const CONFIGURATION_REVISION: &str = "ConfigurationRevision";
/// How a provider reaches what it manages.
pub const PROVIDER_CONFIG: &str = "ProviderConfig";
/// The same for all namespaces, where the other one is for its own.
pub const CLUSTER_PROVIDER_CONFIG: &str = "ClusterProviderConfig";
/// How packages run, until 1.20.
pub const CONTROLLER_CONFIG: &str = "ControllerConfig";
/// An external secret store, until 1.20.
pub const STORE_CONFIG: &str = "StoreConfig";

/// The definition of Compositions.
pub const COMPOSITIONS: &str = "compositions.apiextensions.crossplane.io";
/// That of their revisions.
pub const COMPOSITION_REVISIONS: &str = "compositionrevisions.apiextensions.crossplane.io";
/// That of what gives values to Compositions.
pub const ENVIRONMENT_CONFIGS: &str = "environmentconfigs.apiextensions.crossplane.io";

/// The category of claims.
pub const CLAIMS: &str = "claim";
/// The category of composite resources.
pub const COMPOSITES: &str = "composite";
/// The category of managed resources.
pub const MANAGED: &str = "managed";
/// The categories of what stands for something outside of the cluster.
pub const OUTSIDE: [&str; 3] = [CLAIMS, COMPOSITES, MANAGED];

/// The annotation by which a resource of a cloud is known again.
pub const EXTERNAL_NAME: &str = "crossplane.io/external-name";
/// The annotation with which Crossplane leaves an object alone, and does not delete it either (Crossplane documentation, "Pause
/// reconciliation").
pub const PAUSED: &str = "crossplane.io/paused";
/// The label of what is composed: the name of the composite resource (crossplane, `xcrd.LabelKeyNamePrefixForComposed`).
pub const COMPOSITE: &str = "crossplane.io/composite";
