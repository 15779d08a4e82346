//! The programs and providers that the steps of a bundle run: `lock.yaml` beside `porter.yaml` has to pin them.

use super::bundle::{Bundle, StepAt};
use super::cluster::{PROGRAMS, maker};
use super::finding::Finding;
use super::lock;
use super::locks::{GoodLock, Locks};
use super::module::{NamedModule, folder_of};
use super::rule::UNPINNED_TOOL;
use crate::document::{Asset, AssetForm, At, Module, RequiredProvider, disagreements};
use crate::report::Diagnostic;
use crate::schema::meets;

/// What the steps run and the lock does not pin, or otherwise than the modules want it. `is_told` says whether the lock itself
/// has been looked at beside a document.
pub(super) fn unpinned(bundle: &Bundle<'_>, locks: &Locks, modules: &[NamedModule], is_told: bool) -> Vec<Finding> {
    let steps = bundle.steps();
    let Some(first) = steps.iter().find(|at| maker(at).is_some()).filter(|_| bundle.manifest.is_some()) else {
        return Vec::new();
    };
    let (lock, mut findings) = match lock::of_bundle(locks, first) {
        Ok(lock) => {
            let findings = if is_told { Vec::new() } else { lock::of_assets(bundle, lock) };
            (lock, findings)
        }
        Err(mistakes) => return if is_told { Vec::new() } else { mistakes },
    };
    for (by, program) in PROGRAMS {
        if let Some(at) = steps.iter().find(|at| maker(at) == Some(by)) {
            findings.extend(program_of(at, by, program, lock));
        }
    }
    for at in &steps {
        let Some(named) = folder_of(at).and_then(|folder| modules.iter().find(|it| it.folder == folder)) else {
            continue;
        };
        let is_first =
            steps.iter().find(|it| folder_of(it) == folder_of(at)).is_some_and(|it| it.location() == at.location());
        if is_first {
            let found = of_module(named, lock);
            findings.extend(found.into_iter().map(|it| Finding { location: Some(at.location()), ..it }));
        }
    }
    findings
}

fn program_of(at: &StepAt<'_>, by: &str, program: &str, lock: &GoodLock) -> Option<Finding> {
    let is_pinned = lock.lock.assets.iter().any(|it| it.form == AssetForm::Program && it.name == program);
    (!is_pinned).then(|| {
        let message = format!("lock.yaml pins no program `{program}`, which the step runs");
        let finding = at.finding(UNPINNED_TOOL, &format!("cluster.{by}"), message);
        finding.hint(format!("pin it by `name: {program}`, `type: program`, its version, platform, digest and address"))
    })
}

fn of_module(named: &NamedModule, lock: &GoodLock) -> Vec<Finding> {
    let assets = &lock.lock.assets;
    let mut findings = Vec::new();
    for module in [&named.module].into_iter().chain(&named.below) {
        findings.extend(version_of_tofu(module, assets));
        findings.extend(module.providers.values().filter_map(|provider| provider_of(provider, assets)));
    }
    let told = disagreements(&named.locked, assets).into_iter();
    findings.extend(
        told.map(|(at, message)| finding(&at, message, "pin what the module was locked with, or lock it anew")),
    );
    findings
}

fn version_of_tofu(module: &Module, assets: &[Asset]) -> Option<Finding> {
    let (wanted, at) = module.required_version.as_ref()?;
    let mut pinned = assets.iter().filter(|it| it.form == AssetForm::Program && it.name == "tofu");
    let other = pinned.find(|it| meets(&it.version, wanted) == Some(false))?;
    let message = format!("the module wants OpenTofu {wanted}, and lock.yaml pins {}", other.version);
    Some(finding(at, message, "pin a version that the module takes"))
}

/// Where no pinned version of a provider will do, on each platform that the program is pinned for.
fn provider_of(provider: &RequiredProvider, assets: &[Asset]) -> Option<Finding> {
    let address = provider.address.as_ref()?;
    let pinned: Vec<&Asset> = assets.iter().filter(|it| it.provider().as_ref() == Some(address)).collect();
    if pinned.is_empty() {
        let hint =
            format!("pin it by `type: provider`, `source: {address}`, its version, platform, digest and address");
        return Some(finding(&provider.at, format!("lock.yaml pins no provider `{address}`"), &hint));
    }
    let takes =
        |asset: &&&Asset| provider.version.as_ref().is_none_or(|wanted| meets(&asset.version, wanted) != Some(false));
    let fit: Vec<&&Asset> = pinned.iter().filter(takes).collect();
    if fit.is_empty() {
        let wanted = provider.version.as_deref().unwrap_or_default();
        let message = format!("the module wants `{address}` {wanted}, and lock.yaml pins {}", pinned[0].version);
        return Some(finding(&provider.at, message, "pin a version that the module takes"));
    }
    let programs = assets.iter().filter(|it| it.form == AssetForm::Program && it.name == "tofu");
    let mut platforms = programs.filter_map(|it| it.platform.as_deref());
    let lacking = platforms.find(|platform| !fit.iter().any(|it| it.platform.as_deref() == Some(platform)))?;
    let message = format!("lock.yaml pins `tofu` for {lacking}, and not the provider `{address}`");
    Some(finding(&provider.at, message, "pin the provider for every platform that the program is pinned for"))
}

fn finding((source, place): &At, message: String, hint: &str) -> Finding {
    Finding::new(UNPINNED_TOOL, Diagnostic::error("", message).at(source, *place)).hint(hint)
}
