//! What Kyverno decides of an object that may become a spoke, in CEL (Kyverno 1.19: `sdk/extensions/cel/libs`).
//!
//! A mistake in an expression fails the whole evaluation, which Kyverno repeats a few times and then forgets. So whatever may
//! be missing is asked for before it is read, and an object that does not fit makes nothing.

use serde_json::json;

use crate::document::{CLUSTER_FIELDS, ClaimedSpoke, LOGINS, LONGEST_NAME, OwnedApi};
use crate::words::argo;
use crate::words::crossplane::COMPOSITE;
use crate::words::spoke::{CREDENTIAL, OFF, REGISTRATION, SOURCE, SPOKE, STATE, Standing};

/// What is known step by step, each by its name. `@…@` stands for what the document says.
const VARIABLES: [(&str, &str); 15] = [
    // The object as it is now: what Kyverno was told of it may be older, and from before it was switched off.
    (
        "live",
        "dyn(resource.List(object.apiVersion, @PLURAL@, object.metadata.?namespace.orValue('')).items).filter(it, \
         it.metadata.uid == object.metadata.uid && has(it.metadata.namespace) && !has(it.metadata.deletionTimestamp) && \
         it.metadata.?labels[?@REGISTRATION@].orValue('') != @OFF@)",
    ),
    // What Crossplane itself says that it has composed.
    (
        "composed",
        "variables.live.map(it, it.?spec.?crossplane.?resourceRefs.orValue([]).filter(ref, ref.kind == 'Secret' && \
         ref.apiVersion == 'v1').map(ref, ref.name))",
    ),
    (
        "secrets",
        "size(variables.live) != 1 ? [] : dyn(resource.List('v1', 'secrets', object.metadata.namespace, \
         {'@COMPOSITE@': object.metadata.name}).items).filter(it, it.metadata.name in variables.composed[0] && \
         @KEY@ in it.?data.orValue({}) && it.metadata.?ownerReferences.orValue([]).exists(owner, \
         owner.uid == object.metadata.uid && owner.?controller.orValue(false)))",
    ),
    (
        "kubeconfig",
        "size(variables.secrets) != 1 ? {} : yaml.parse(string(base64.decode(variables.secrets[0].data[@KEY@])))",
    ),
    (
        "contexts",
        "variables.kubeconfig.?contexts.orValue([]).filter(it, it.name == \
         variables.kubeconfig[?'current-context'].orValue('')).map(it, it.context)",
    ),
    (
        "clusters",
        "size(variables.contexts) != 1 ? [] : variables.kubeconfig.?clusters.orValue([]).filter(it, it.name == \
         variables.contexts[0].cluster).map(it, it.cluster).filter(it, it.all(field, field in @CLUSTER_FIELDS@ && \
         (field == 'extensions' || type(it[field]) == string)))",
    ),
    (
        "users",
        "size(variables.contexts) != 1 ? [] : variables.kubeconfig.?users.orValue([]).filter(it, it.name == \
         variables.contexts[0].user).map(it, it.user).filter(it, it.all(field, type(it[field]) == string))",
    ),
    (
        "authority",
        "size(variables.clusters) != 1 ? '' : variables.clusters[0][?'certificate-authority-data'].orValue('')",
    ),
    ("serverName", "size(variables.clusters) != 1 ? '' : variables.clusters[0][?'tls-server-name'].orValue('')"),
    // `replace` and `trim` take the slashes at the end away.
    (
        "server",
        "size(variables.clusters) != 1 ? '' : \
         variables.clusters[0].?server.orValue('').lowerAscii().replace('/', '\\n').trim().replace('\\n', '/')",
    ),
    // Nothing but a token, or nothing but a certificate with its key. One field of another type, or bytes that are no base64, and
    // Argo CD could not read the Secret: it would delete no Application of any ApplicationSet any more.
    (
        "credentials",
        "size(variables.clusters) != 1 || size(variables.users) != 1 ? [] : (\
         variables.users[0].all(field, field in @TOKEN@) && variables.users[0].?token.orValue('') != '' ? [{'form': 'token', \
         'config': json.marshal({'bearerToken': variables.users[0].token, 'tlsClientConfig': {'insecure': false, \
         'caData': variables.authority, ?'serverName': variables.clusters[0][?'tls-server-name']}})}] : (\
         variables.users[0].all(field, field in @CERTIFICATE@) && \
         size(variables.users[0]) == 2 && variables.users[0].all(field, variables.users[0][field].matches(@BASE64@)) ? [{'form': 'certificate', 'config': json.marshal({'tlsClientConfig': {\
         'insecure': false, 'caData': variables.authority, ?'serverName': variables.clusters[0][?'tls-server-name'], \
         'certData': variables.users[0]['client-certificate-data'], \
         'keyData': variables.users[0]['client-key-data']}})}] : []))",
    ),
    ("name", "object.metadata.?namespace.orValue('') + '-' + object.metadata.name"),
    (
        "known",
        "size(variables.credentials) != 1 ? [] : dyn(resource.List('v1', 'secrets', @ARGOCD@, \
         {@SECRET_TYPE@: @CLUSTER@}).items).map(it, {'secret': it, \
         'name': string(base64.decode(it.?data.?name.orValue(''))), \
         'server': string(base64.decode(it.?data.?server.orValue(''))).lowerAscii().replace('/', '\\n').trim().replace('\\n', '/')})",
    ),
    ("own", "variables.known.filter(it, it.secret.metadata.name == 'spoke-' + variables.name)"),
    // A spoke keeps its address, its authority and the name that it shows there: by another one it would be another cluster, which nobody has looked at.
    (
        "fits",
        "size(variables.credentials) == 1 && variables.authority.matches(@BASE64@) && size(variables.name) <= @LONGEST@ && \
         variables.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$') && \
         variables.server.matches('^https://[a-z0-9.:_\\\\[\\\\]-]+(/[a-z0-9._~/-]*)?$') && \
         !variables.server.matches('^https://kubernetes([.]default([.]svc([.].*)?)?)?(:[0-9]+)?(/.*)?$') && \
         variables.known.all(it, it.secret.metadata.name == 'spoke-' + variables.name || \
         it.name != variables.name && it.server != variables.server) && \
         variables.own.all(it, it.server == variables.server && [json.unmarshal(string(base64.decode(\
         it.secret.data.config)))].all(config, config.?tlsClientConfig.?caData.orValue('') == variables.authority && \
         config.?tlsClientConfig.?serverName.orValue('') == variables.serverName))",
    ),
];

/// Base64 in one line.
const BASE64: &str = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$";

/// What is made of an object that fits.
const GENERATE: &str = "!variables.fits || generator.Apply(@ARGOCD@, [{'apiVersion': 'v1', 'kind': 'Secret', \
     'type': 'Opaque', 'metadata': {'name': 'spoke-' + variables.name, \
     'labels': {@SECRET_TYPE@: @CLUSTER@, @SPOKE@: variables.name@LABELS@}, \
     'annotations': {@CREDENTIAL@: variables.credentials[0].form, \
     @SOURCE@: @KIND@ + '/' + object.metadata.namespace + '/' + object.metadata.name}}, \
     'data': {'name': base64.encode(bytes(variables.name)), 'server': base64.encode(bytes(variables.server)), \
     'config': base64.encode(bytes(variables.credentials[0].config))}}])";

/// The variables of the policy, each with its name, in the order in which they build on one another.
pub fn variables(api: &OwnedApi, spoke: &ClaimedSpoke) -> Vec<(&'static str, String)> {
    VARIABLES.into_iter().map(|(name, expression)| (name, filled(expression, api, spoke))).collect()
}

/// The expression that makes the Secret.
pub fn generate(api: &OwnedApi, spoke: &ClaimedSpoke) -> String {
    filled(&GENERATE.replace("@LABELS@", &labels(spoke)), api, spoke)
}

/// The further labels of the Secret, each after a comma. Without `atOnce` the state is nobody's but the step's.
fn labels(spoke: &ClaimedSpoke) -> String {
    let given = spoke.labels.iter().map(|(key, value)| format!(", {}: {}", literal(key), literal(value)));
    let taken = spoke.labels_of_object.iter().map(|key| {
        let key = literal(key);
        format!(", ?{key}: variables.live[0].metadata.?labels[?{key}]")
    });
    let state = spoke.at_once.then(|| {
        let (key, ready) = (literal(STATE), literal(Standing::Ready.name()));
        let own = format!("variables.own[0].secret.metadata.?labels[?{key}].orValue({ready})");
        format!(", {key}: size(variables.own) == 0 ? {ready} : {own}")
    });
    given.chain(taken).chain(state).collect()
}

fn filled(expression: &str, api: &OwnedApi, spoke: &ClaimedSpoke) -> String {
    let [token, certificate] = LOGINS;
    let expression = expression
        .replace("@COMPOSITE@", COMPOSITE)
        .replace("@CLUSTER_FIELDS@", &json!(CLUSTER_FIELDS).to_string())
        .replace("@TOKEN@", &json!(token).to_string())
        .replace("@CERTIFICATE@", &json!(certificate).to_string())
        .replace("@LONGEST@", &LONGEST_NAME.to_string());
    let kind = format!("{}.{}", api.kind, api.group);
    [
        ("@PLURAL@", api.plural.as_str()),
        ("@KEY@", &spoke.key),
        ("@KIND@", &kind),
        ("@REGISTRATION@", REGISTRATION),
        ("@OFF@", OFF),
        ("@ARGOCD@", argo::NAMESPACE),
        ("@SECRET_TYPE@", argo::SECRET_TYPE),
        ("@CLUSTER@", argo::CLUSTER),
        ("@BASE64@", BASE64),
        ("@SPOKE@", SPOKE),
        ("@CREDENTIAL@", CREDENTIAL),
        ("@SOURCE@", SOURCE),
    ]
    .into_iter()
    .fold(expression, |text, (word, value)| text.replace(word, &literal(value)))
}

/// A text of CEL, which quotes as JSON does.
fn literal(text: &str) -> String {
    json!(text).to_string()
}
