//! Keys and certificates in the forms in which people have them, with a server that wants a certificate. kubectl takes all of them.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{connect_by, write};

const CONFIGURATION: &str = "[req]
distinguished_name=none
[none]
[ca]
default_ca=own
[own]
database=index
new_certs_dir=.
rand_serial=yes
default_md=sha256
policy=any
x509_extensions=authority
[any]
commonName=supplied
[authority]
basicConstraints=critical,CA:TRUE
";
const EC: [&str; 3] = ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
const OF_CLIENT: [&str; 6] = ["-CA", "ca.crt", "-CAkey", "ca.key", "-addext", "extendedKeyUsage=clientAuth"];

fn openssl(folder: &Path, line: &str) -> Command {
    let mut command = Command::new("openssl");
    command.current_dir(folder).args(line.split_whitespace()).stdin(Stdio::null()).stderr(Stdio::null());
    command
}

fn run(folder: &Path, line: &str) {
    assert!(openssl(folder, line).status().expect("openssl starts").success(), "openssl {line}");
}

/// `NAME.crt`, with a key of its own, `NAME.key`.
fn certificate(folder: &Path, name: &str, key: &[&str], more: &[&str]) {
    let key = key.join(" ");
    let more = more.join(" ");
    let files = format!("-keyout {name}.key -out {name}.crt");
    run(folder, &format!("req -x509 -config openssl.cnf -nodes -days 9 -subj /CN={name} -newkey {key} {files} {more}"));
}

fn base64(pem: &str) -> Value {
    STANDARD.encode(pem).into()
}

/// An authority, and a server of its own that answers whoever shows a certificate of it.
struct Site {
    folder: TempDir,
    server: Child,
    address: String,
}

impl Drop for Site {
    fn drop(&mut self) {
        self.server.kill().and_then(|()| self.server.wait()).expect("it ends");
    }
}

impl Site {
    fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("openssl.cnf"), CONFIGURATION).expect("written");
        fs::write(at("index"), "").expect("written");
        certificate(folder.path(), "ca", &EC, &["-addext", "basicConstraints=critical,CA:TRUE"]);
        run(folder.path(), "req -new -config openssl.cnf -key ca.key -subj /CN=ca -out ca.csr");
        // The authority had another certificate before.
        run(
            folder.path(),
            "ca -batch -selfsign -config openssl.cnf -keyfile ca.key -in ca.csr -startdate 20200101000000Z \
             -enddate 20210101000000Z -notext -out old.crt",
        );
        certificate(
            folder.path(),
            "server",
            &EC,
            &["-addext", "subjectAltName=IP:127.0.0.1", "-CA", "ca.crt", "-CAkey", "ca.key"],
        );
        for (file, answer) in [
            ("version", json!({"gitVersion": "v1.37.2"})),
            (
                "api/v1/namespaces/kube-system",
                json!({"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "kube-system", "uid": "u-1"}}),
            ),
        ] {
            fs::create_dir_all(at(file).parent().expect("a folder")).expect("made");
            fs::write(at(file), format!("HTTP/1.0 200 OK\r\n\r\n{answer}")).expect("written");
        }
        let serve = "s_server -accept 127.0.0.1:0 -cert server.crt -key server.key -CAfile ca.crt -Verify 1 \
                     -verify_return_error -HTTP";
        let mut server = openssl(folder.path(), serve).stdout(Stdio::piped()).spawn().expect("openssl starts");
        let mut said = BufReader::new(server.stdout.take().expect("stdout")).lines().map_while(Result::ok);
        let address = said.find_map(|line| line.strip_prefix("ACCEPT ").map(str::to_owned)).expect("it listens");
        std::thread::spawn(move || said.for_each(drop));
        Self { folder, server, address }
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).expect(name)
    }

    fn kubeconfig(&self, cluster: &Value, user: &Value) -> Value {
        let mut cluster = cluster.clone();
        cluster["server"] = format!("https://{}", self.address).into();
        json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "c",
            "clusters": [{"name": "c", "cluster": cluster}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "users": [{"name": "u", "user": user}],
        })
    }

    #[track_caller]
    fn takes(&self, cluster: &Value, user: &Value) {
        let file = write(self.folder.path(), "config", &self.kubeconfig(cluster, user));
        connect_by(&format!("kubeconfig: {file}"), &[]).exits(0).says("u-1");
    }
}

fn of_authority(pem: &str) -> Value {
    json!({"certificate-authority-data": base64(pem)})
}

fn of_user(certificate: &str, key: &str) -> Value {
    json!({"client-certificate-data": base64(certificate), "client-key-data": base64(key)})
}

#[test]
fn keys_and_certificates_are_taken_in_every_form() {
    let site = Site::new();
    let folder = site.folder.path();
    let authority = site.read("ca.crt");
    for (name, key) in [("ec", &EC[..]), ("rsa", &["rsa:2048"]), ("ed", &["ed25519"])] {
        certificate(folder, name, key, &OF_CLIENT);
        site.takes(
            &of_authority(&authority),
            &of_user(&site.read(&format!("{name}.crt")), &site.read(&format!("{name}.key"))),
        );
    }
    run(folder, "ec -in ec.key -out sec1.key");
    run(folder, "rsa -in rsa.key -traditional -out pkcs1.key");
    let (ec, sec1, pkcs1) = (site.read("ec.crt"), site.read("sec1.key"), site.read("pkcs1.key"));
    assert!(sec1.starts_with("-----BEGIN EC PRIVATE") && pkcs1.starts_with("-----BEGIN RSA PRIVATE"));
    site.takes(&of_authority(&authority), &of_user(&ec, &sec1));
    site.takes(&of_authority(&authority), &of_user(&site.read("rsa.crt"), &pkcs1));

    let of_windows = |pem: &str| pem.replace('\n', "\r\n");
    site.takes(&of_authority(&of_windows(&authority)), &of_user(&of_windows(&ec), &of_windows(&sec1)));
    let among = |pem: &str| format!("Bag Attributes\n    friendlyName: x\nsubject=CN = x\n{pem}# the end\n");
    let parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
    site.takes(&of_authority(&among(&authority)), &of_user(&among(&ec), &among(&format!("{parameters}{sec1}"))));
    let both = format!("{sec1}{ec}");
    site.takes(&of_authority(&authority), &of_user(&both, &both));

    // An authority that has had another certificate before, and one that has nothing to do with it.
    let old = site.read("old.crt");
    for bundle in [format!("{old}{ec}{authority}"), format!("{authority}{old}")] {
        site.takes(&of_authority(&bundle), &of_user(&ec, &sec1));
    }
    let file = write(folder, "config", &site.kubeconfig(&of_authority(&ec), &of_user(&ec, &sec1)));
    connect_by(&format!("kubeconfig: {file}"), &[]).exits(1).says("invalid peer certificate");
    // What `openssl` signs without an extension.
    run(
        folder,
        "req -x509 -config openssl.cnf -key ec.key -days 9 -subj /CN=first -CA ca.crt -CAkey ca.key -out v1.crt",
    );
    let user = of_user(&site.read("v1.crt"), &sec1);
    let file = write(folder, "config", &site.kubeconfig(&of_authority(&authority), &user));
    connect_by(&format!("kubeconfig: {file}"), &[]).exits(1).says("hint: the certificate of the user is of version 1");
    // As client-go: a certificate logs in, and no program beside it is run.
    let mut user = of_user(&ec, &sec1);
    user["exec"] = json!({"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "false"});
    site.takes(&of_authority(&authority), &user);
}

#[test]
fn files_of_a_list_are_merged_and_their_paths_are_their_own() {
    let site = Site::new();
    let folder = site.folder.path();
    certificate(folder, "ec", &EC, &OF_CLIENT);
    let user = json!({"client-certificate": "pki/ec.crt", "client-key": "./pki/ec.key"});
    let second = site.kubeconfig(&json!({"certificate-authority": "../ca.crt"}), &user);
    fs::create_dir_all(folder.join("two/pki")).expect("made");
    for file in ["ec.crt", "ec.key"] {
        fs::rename(folder.join(file), folder.join("two/pki").join(file)).expect("moved");
    }
    let second = write(&folder.join("two"), "config", &second);
    // What stands in the first of two files holds: here a context that leads nowhere, beside one that leads there.
    let none = json!({"name": "c", "context": {"cluster": "nowhere", "user": "u"}});
    let own = json!({"name": "own", "context": {"cluster": "c", "user": "u"}});
    let first = json!({"apiVersion": "v1", "kind": "Config", "current-context": "own", "contexts": [none, own]});
    let first = write(folder, "first", &first);
    for (list, code, told) in [
        (format!("/nowhere/config:{second}"), 0, "u-1"),
        (format!("{first}:{second}"), 0, "u-1"),
        (format!("{second}:{first}"), 0, "u-1"),
    ] {
        connect_by("", &[("KUBECONFIG", &list)]).exits(code).says(told);
    }
    let lost = connect_by("context: c", &[("KUBECONFIG", &format!("{first}:{second}"))]).exits(1);
    lost.says("it has no cluster `nowhere`, which its context `c` names");
}
