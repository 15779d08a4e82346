//! The certificates of one testbed, made with the `openssl` program.
//!
//! One authority and one administrator serve all parts of the control plane: its own
//! permissions are not what is tested here.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

const SERVER: &str = "subjectAltName=IP:127.0.0.1,IP:10.96.0.1,DNS:localhost,DNS:kubernetes,\
DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local";

/// A directory of keys and certificates.
#[derive(Clone, Debug)]
pub struct Pki {
    dir: PathBuf,
}

impl Pki {
    /// Makes everything that a cluster needs.
    pub fn create(dir: &Path) -> Result<Self> {
        fs::create_dir_all(dir).with_context(|| format!("failed to create {}", dir.display()))?;
        let pki = Self { dir: dir.to_owned() };
        // The distribution's own configuration would add extensions a second time.
        fs::write(dir.join("openssl.cnf"), "[req]\ndistinguished_name=dn\n[dn]\n")?;
        let authority = ["basicConstraints=critical,CA:TRUE", "subjectKeyIdentifier=hash"];
        pki.certificate("ca", None, "/CN=testbed-ca", &authority)?;
        pki.certificate("front-ca", None, "/CN=testbed-front-ca", &authority)?;
        let server = ["basicConstraints=critical,CA:FALSE", "extendedKeyUsage=serverAuth", SERVER];
        pki.certificate("apiserver", Some("ca"), "/CN=kube-apiserver", &server)?;
        let client = ["basicConstraints=critical,CA:FALSE", "extendedKeyUsage=clientAuth"];
        pki.certificate("admin", Some("ca"), "/O=system:masters/CN=testbed-admin", &client)?;
        pki.certificate("front", Some("front-ca"), "/CN=front-proxy-client", &client)?;
        let (key, public) = (pki.path("sa.key"), pki.path("sa.pub"));
        openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-out", &key])?;
        openssl(&["pkey", "-in", &key, "-pubout", "-out", &public])?;
        Ok(pki)
    }

    /// What was made in this directory.
    #[must_use]
    pub fn at(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// A file of the directory, such as `ca.crt`.
    #[must_use]
    pub fn path(&self, file: &str) -> String {
        self.dir.join(file).display().to_string()
    }

    /// The administrator's kubeconfig for a server on this port. It carries its certificates,
    /// so that it works wherever it is copied to.
    pub fn admin_kubeconfig(&self, port: u16) -> Result<Value> {
        let user = json!({
            "client-certificate-data": self.base64("admin.crt")?,
            "client-key-data": self.base64("admin.key")?,
        });
        self.kubeconfig(port, "default", &user)
    }

    /// A kubeconfig for somebody with a token, whose home is `namespace`.
    pub fn token_kubeconfig(&self, port: u16, namespace: &str, token: &str) -> Result<Value> {
        self.kubeconfig(port, namespace, &json!({ "token": token }))
    }

    fn kubeconfig(&self, port: u16, namespace: &str, user: &Value) -> Result<Value> {
        Ok(json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "testbed", "cluster": {
                "server": format!("https://127.0.0.1:{port}"),
                "certificate-authority-data": self.base64("ca.crt")?,
            }}],
            "users": [{"name": "testbed", "user": user}],
            "contexts": [{"name": "testbed", "context": {
                "cluster": "testbed", "user": "testbed", "namespace": namespace,
            }}],
            "current-context": "testbed",
        }))
    }

    fn base64(&self, file: &str) -> Result<String> {
        let path = self.path(file);
        let bytes = fs::read(&path).with_context(|| format!("failed to read {path}"))?;
        Ok(STANDARD.encode(bytes))
    }

    fn certificate(&self, name: &str, ca: Option<&str>, subject: &str, extensions: &[&str]) -> Result<()> {
        let (key, certificate) = (self.path(&format!("{name}.key")), self.path(&format!("{name}.crt")));
        let config = self.path("openssl.cnf");
        let mut args = vec![
            "req",
            "-x509",
            "-config",
            &config,
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "3650",
            "-subj",
            subject,
            "-keyout",
            &key,
            "-out",
            &certificate,
        ];
        let issuer = ca.map(|ca| (self.path(&format!("{ca}.crt")), self.path(&format!("{ca}.key"))));
        if let Some((certificate, key)) = &issuer {
            args.extend(["-CA", certificate, "-CAkey", key]);
        }
        for extension in extensions {
            args.extend(["-addext", extension]);
        }
        openssl(&args)
    }
}

fn openssl(args: &[&str]) -> Result<()> {
    let output = Command::new("openssl").args(args).output().context("failed to start openssl")?;
    if !output.status.success() {
        bail!("openssl {} failed: {}", args.first().unwrap_or(&""), String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authority_signs_the_server() {
        let dir = tempfile::tempdir().expect("a directory");
        let pki = Pki::create(dir.path()).expect("made");
        openssl(&["verify", "-CAfile", &pki.path("ca.crt"), &pki.path("apiserver.crt")]).expect("verified");
        let config = pki.token_kubeconfig(6443, "argocd", "secret").expect("made");
        assert_eq!(config["clusters"][0]["cluster"]["server"], "https://127.0.0.1:6443");
        assert_eq!(config["contexts"][0]["context"]["namespace"], "argocd");
    }
}
