//! A release of backstack, as `porter mixin install` wants it.
//!
//! ```text
//! dist/mixins/atom.xml                                  the feed (`--feed-url`, or `--mirror` with dist/ as its root)
//! dist/mixins/backstack/v0.1.0/backstack-linux-amd64    client and runtime are the same file (`--url`)
//!                              backstack-linux-arm64
//!                              backstack.cdx.json       the bill of materials, CycloneDX
//!                              backstack.man.tar        the manual, a page for each verb
//!                              SHA256SUMS
//!                              SHA256SUMS.minisig       its signature, where a key is given
//! ```
//!
//! * [`platform`] – for what the program can be built, what that needs, and the building
//! * [`elf`] – whether a program is static
//! * [`hurry`] – whether it was built for debugging
//! * [`sbom`] – what it is made of
//! * [`man`] – the manual
//! * [`layout`] – the files of a version
//! * [`sign`] – the signature over their digests
//! * [`feed`] – what Porter reads to find them
//!
//! The same commit gives the same bytes: every date is that of the commit, and the feed follows from the files.

pub mod elf;
pub mod feed;
pub mod hurry;
pub mod layout;
pub mod man;
pub mod platform;
pub mod sbom;
pub mod sign;

/// The name of the mixin.
pub const MIXIN: &str = "backstack";
