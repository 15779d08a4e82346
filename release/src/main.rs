//! `make dist`: builds the program for every platform that this machine can build for, and lays a release out.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::{env, fs};

use anyhow::{Context, Result, bail, ensure};
use backstack_release::layout::{self, Release};
use backstack_release::platform::{self, Platform};
use backstack_release::{MIXIN, elf, hurry, sbom};
use clap::Parser;
use jiff::Timestamp;

/// Lay out what `porter mixin install` wants.
#[derive(Debug, Parser)]
struct Cli {
    /// The folder to lay out
    #[arg(long, default_value = "dist")]
    dist: PathBuf,
    /// Where the folders of the versions will be downloaded from
    #[arg(long, default_value = concat!(env!("CARGO_PKG_REPOSITORY"), "/releases/download"))]
    url: String,
    /// A folder with the pages of the manual
    #[arg(long)]
    man: Option<PathBuf>,
    /// Fail when there is a platform that cannot be built for here
    #[arg(long)]
    all: bool,
    /// A secret key of minisign to sign the release with
    #[arg(long)]
    sign_key: Option<PathBuf>,
}

fn main() -> ExitCode {
    match release(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn release(cli: &Cli) -> Result<()> {
    let platforms = buildable(cli.all)?;
    let version = concat!("v", env!("CARGO_PKG_VERSION"));
    let date = date()?;
    let release = Release { dist: &cli.dist, version, date };
    let mut base = BTreeSet::from([("rust-std".to_owned(), compiler_version()?)]);
    let mut programs = Vec::new();
    for platform in &platforms {
        let program = program(platform)?;
        base.extend(sbom::c_library(&program).map(|version| ("glibc".to_owned(), version)));
        programs.push((platform.name, program));
    }
    let targets: Vec<&str> = platforms.iter().map(|platform| platform.target).collect();
    let bill = sbom::bill(&sbom::metadata(&targets)?, &fs::read_to_string("Cargo.lock")?, &base, date)?;
    release.clear()?;
    for (name, program) in &programs {
        release.add_program(name, program)?;
    }
    release.add_materials(&format!("{bill:#}\n"))?;
    if let Some(pages) = &cli.man {
        release.add_manual(pages)?;
    }
    release.add_digests()?;
    if let Some(key) = &cli.sign_key {
        release.sign(key)?;
    }
    layout::write_feed(&cli.dist, &cli.url)?;
    say(&format!("{MIXIN} {version} of {date} is in {}", cli.dist.join("mixins").display()));
    Ok(())
}

/// The platforms that this machine can build for; the others are said.
fn buildable(all: bool) -> Result<Vec<Platform>> {
    let mut platforms = Vec::new();
    for platform in platform::ALL {
        let lacks = platform.lacks()?;
        if lacks.is_empty() {
            platforms.push(platform);
        } else {
            say(&format!("not for {}: this machine lacks {}", platform.name, lacks.join(", and ")));
        }
    }
    ensure!(!all || platforms.len() == platform::ALL.len(), "nothing was built, because not all platforms can be");
    ensure!(
        platforms.iter().any(|platform| platform.name == "linux-amd64"),
        "nothing was built: Porter needs linux-amd64 of every mixin, as the runtime in bundles"
    );
    Ok(platforms)
}

/// The built program, which waits as long as it should; one for Linux is static, so that it runs on every base image.
fn program(platform: &Platform) -> Result<Vec<u8>> {
    let path = platform.build()?;
    let program = fs::read(&path).with_context(|| format!("failed to read {}", path.display()))?;
    ensure!(
        !hurry::can_be_hurried(&program),
        "{} was built for debugging: it knows {}\nhint: build it with the profile `release`, without debug assertions",
        path.display(),
        hurry::PACE
    );
    if platform.name.starts_with("linux-") {
        let needs = elf::needs(&program).with_context(|| path.display().to_string())?;
        if !needs.is_empty() {
            bail!(
                "{} is not static: it needs {}\nhint: run `make dist`, which sets RUSTFLAGS",
                path.display(),
                needs.join(" and ")
            );
        }
    }
    Ok(program)
}

/// `SOURCE_DATE_EPOCH`, or else when the commit was made.
fn date() -> Result<Timestamp> {
    let seconds = if let Ok(seconds) = env::var("SOURCE_DATE_EPOCH") {
        seconds
    } else {
        let output = Command::new("git").args(["log", "-1", "--format=%ct"]).output().context("failed to start git")?;
        ensure!(output.status.success(), "no commit here: set SOURCE_DATE_EPOCH to the date of the release");
        String::from_utf8(output.stdout)?
    };
    Ok(Timestamp::from_second(seconds.trim().parse().context("SOURCE_DATE_EPOCH is no number")?)?)
}

/// `1.95.0` of `rustc 1.95.0 (59807616e 2026-04-14)`.
fn compiler_version() -> Result<String> {
    let said = platform::rustc(&["--version"])?;
    said.split(' ').nth(1).map(str::to_owned).with_context(|| format!("rustc says `{said}`"))
}

#[expect(clippy::print_stderr, reason = "this is for people")]
fn say(line: &str) {
    eprintln!("{line}");
}
