//! For what the program can be built, and what that needs.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// A machine that Porter can run the program on.
#[derive(Debug, Clone, Copy)]
pub struct Platform {
    /// `GOOS-GOARCH`, as Porter says it.
    pub name: &'static str,
    /// The target, as Rust says it.
    pub target: &'static str,
    /// The C compiler that also links.
    compiler: &'static str,
    /// Where the compiler comes from.
    source: &'static str,
}

/// All of them. Not Windows: the program owns process groups and signals as Unix has them.
pub const ALL: [Platform; 4] = [
    Platform {
        name: "linux-amd64",
        target: "x86_64-unknown-linux-gnu",
        compiler: "x86_64-linux-gnu-gcc",
        source: "Debian: gcc-x86-64-linux-gnu and libc6-dev-amd64-cross",
    },
    Platform {
        name: "linux-arm64",
        target: "aarch64-unknown-linux-gnu",
        compiler: "aarch64-linux-gnu-gcc",
        source: "Debian: gcc-aarch64-linux-gnu and libc6-dev-arm64-cross",
    },
    Platform { name: "darwin-amd64", target: "x86_64-apple-darwin", compiler: "o64-clang", source: APPLE },
    Platform { name: "darwin-arm64", target: "aarch64-apple-darwin", compiler: "oa64-clang", source: APPLE },
];

const APPLE: &str = "osxcross with Apple's SDK, which may not be passed on; on macOS Xcode's command line tools";

impl Platform {
    /// What this machine lacks to build for the platform.
    pub fn lacks(&self) -> Result<Vec<String>> {
        let mut lacks = Vec::new();
        let library = rustc(&["--print", "sysroot"])?;
        if !Path::new(&library).join("lib/rustlib").join(self.target).is_dir() {
            lacks.push(format!("its Rust library (rustup target add {})", self.target));
        }
        let compiler = self.compiler();
        if !is_on_path(compiler) {
            let source = if self.is_own() { "any" } else { self.source };
            lacks.push(format!("the C compiler {compiler} ({source})"));
        }
        Ok(lacks)
    }

    /// Builds the program; the flags for the compiler are `RUSTFLAGS` of this process.
    pub fn build(&self) -> Result<PathBuf> {
        let mut cargo = Command::new("cargo");
        cargo.args(["build", "--release", "--locked", "--package", crate::MIXIN, "--target", self.target]);
        if !self.is_own() {
            let variable = self.target.replace('-', "_");
            cargo.env(format!("CC_{variable}"), self.compiler);
            cargo.env(format!("CARGO_TARGET_{}_LINKER", variable.to_uppercase()), self.compiler);
        }
        let status = cargo.status().context("failed to start cargo")?;
        ensure!(status.success(), "failed to build for {}", self.name);
        Ok(Path::new("target").join(self.target).join("release").join(crate::MIXIN))
    }

    /// Whether the machine's own C compiler builds for the platform; Apple's does for both of its architectures.
    fn is_own(&self) -> bool {
        match env::consts::OS {
            "macos" => self.name.starts_with("darwin-"),
            system => self.target.starts_with(env::consts::ARCH) && self.target.contains(system),
        }
    }

    fn compiler(&self) -> &'static str {
        if self.is_own() { "cc" } else { self.compiler }
    }
}

/// Asks rustc something.
pub fn rustc(args: &[&str]) -> Result<String> {
    let output = Command::new("rustc").args(args).output().context("failed to start rustc")?;
    ensure!(output.status.success(), "rustc {args:?} failed");
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

fn is_on_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
