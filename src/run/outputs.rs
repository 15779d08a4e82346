//! The outputs of a step: what it found out, and fields of objects of the cluster.
//!
//! All that can be had is written, also when the work failed. What cannot be had is said by name, before Porter says
//! that a "required output is missing".

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::future::join_all;
use serde_json::Value;
use zeroize::Zeroizing;

use super::found::Found;
use crate::document::{Encoding, Existing, ObjectAddress, Output, OutputFormat, OutputValue};
use crate::engine::{Cluster, Deadline, Fault, FaultKind};
use crate::object::ObjectRef;
use crate::porter::Outputs;
use crate::report::{Console, Exit, Failure, Outcome, remember_secret, wipe};
use crate::schema::select;

/// How long the cluster is asked for a field when the work has failed: it may be the cluster that is away, and the failure is what
/// somebody waits for.
const GRACE: Duration = Duration::from_secs(5);
/// Between two looks for a field that is not there yet, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The value of an output, which may be a secret.
type Bytes = Zeroizing<Vec<u8>>;

/// An output that could not be had.
#[derive(Clone)]
struct Missing {
    name: String,
    why: String,
    exit: Exit,
}

/// Writes what the step found out. Where the work has failed, its failure is why the rest could not be had.
pub fn write_found(
    wanted: &[Output],
    outputs: &Outputs,
    found: &Found,
    console: &Console,
    failed: bool,
) -> Outcome<()> {
    let mut written = Ok(());
    let mut missing = Vec::new();
    for output in wanted {
        let (text, why) = match (output.value, &output.module_output) {
            (Some(value), _) => (found_value(value, found), why_missing(value).to_owned()),
            (None, Some(name)) => (of_module(name, found), format!("no output `{name}` of a module is known")),
            (None, None) => continue, // a field of an object
        };
        match text.or_else(|| output.default.clone().map(Zeroizing::new)) {
            // One that cannot be written does not take the others along.
            Some(text) => written = written.and(outputs.write(&output.name, text.as_bytes())),
            None if failed => missing.push(output.name.clone()),
            None => missing.push(format!("{} ({why})", output.name)),
        }
    }
    if !missing.is_empty() {
        console.say(format!("warning: outputs that could not be had: {}", missing.join(", ")));
    }
    written
}

/// Reads the fields of objects that outputs name, all objects at once, and writes each as soon as it is there. One that
/// cannot be had and has no default is a failure, unless the work has failed before: then one look must do.
pub async fn write_fields(
    wanted: &[Output],
    outputs: &Outputs,
    existing: &Existing,
    deadline: Deadline,
    console: &Console,
    failed: bool,
) -> Outcome<()> {
    let fields: Vec<Field<'_>> = wanted.iter().filter_map(Field::of).collect();
    if fields.is_empty() {
        return Ok(());
    }
    let deadline = if failed { Deadline::after(GRACE) } else { deadline };
    let missing = match Cluster::connect(existing, deadline).await {
        Ok(cluster) => {
            let reads = by_object(fields).into_iter().map(|(object, fields)| {
                let read = Read { cluster: &cluster, outputs, console, failed };
                async move { read.object(object, fields).await }
            });
            join_all(reads).await.concat()
        }
        Err(failure) => fields.iter().map(|field| field.missing(failure.message.clone(), failure.exit)).collect(),
    };
    settle(missing, wanted, outputs, console, failed)
}

/// Writes defaults, and says what is left.
fn settle(missing: Vec<Missing>, wanted: &[Output], outputs: &Outputs, console: &Console, failed: bool) -> Outcome<()> {
    let mut lines = Vec::new();
    let mut exit = Exit::Failed;
    let mut written = Ok(());
    for one in missing {
        let default = wanted.iter().find(|output| output.name == one.name).and_then(|output| output.default.as_ref());
        if let Some(default) = default {
            written = written.and(outputs.write(&one.name, default.as_bytes()));
            continue;
        }
        let line = format!("output {} could not be had: {}", one.name, one.why);
        if failed {
            console.say(format!("warning: {line}"));
        } else {
            lines.push(line);
        }
        exit = one.exit;
    }
    if lines.is_empty() {
        return written;
    }
    let message = format!("the work is done, but {} of the step's outputs could not be had", lines.len());
    Err(Failure::new(exit, message)
        .details(lines)
        .hint("correct `object` and `path`, give the output a `wait` for a value that comes later, or a `default`"))
}

/// A field that an output names.
struct Field<'o> {
    output: &'o Output,
    object: &'o ObjectAddress,
    path: &'o str,
}

impl<'o> Field<'o> {
    fn of(output: &'o Output) -> Option<Self> {
        let path = output.path.as_deref().unwrap_or_default();
        output.object.as_ref().map(|object| Self { output, object, path })
    }

    fn missing(&self, why: String, exit: Exit) -> Missing {
        Missing { name: self.output.name.clone(), why, exit }
    }

    /// The bytes of the field; why there are none.
    fn bytes(&self, object: &Value) -> Result<Bytes, String> {
        let found = select(object, self.path).map_err(|why| format!("cannot be asked for {}: {why}", self.path))?;
        match found.as_slice() {
            [] | [Value::Null] => Err(format!("has no {}", self.path)),
            [one] => self.encoded(one),
            several => {
                let mut list = several.iter().map(|value| (*value).clone()).collect();
                let bytes = self.encoded(&list);
                wipe(&mut list);
                bytes
            }
        }
    }

    fn encoded(&self, value: &Value) -> Result<Bytes, String> {
        if self.output.wait.is_some() && is_empty(value) {
            return Err(format!("has nothing in {} yet", self.path));
        }
        encode(value, self.output.decode, self.output.format.unwrap_or_default())
            .map_err(|why| format!("has {} in {}", why, self.path))
    }
}

/// The fields, and the object that each of them is of.
fn by_object(mut fields: Vec<Field<'_>>) -> Vec<(&ObjectAddress, Vec<Field<'_>>)> {
    let mut objects = Vec::new();
    while let Some(first) = fields.first() {
        let object = first.object;
        let (these, rest) = fields.into_iter().partition(|field| field.object == object);
        objects.push((object, these));
        fields = rest;
    }
    objects
}

/// What it takes to read an object for its fields.
struct Read<'r> {
    cluster: &'r Cluster,
    outputs: &'r Outputs,
    console: &'r Console,
    failed: bool,
}

impl Read<'_> {
    /// Reads one object for all its fields, again and again as long as one of them waits.
    async fn object(&self, address: &ObjectAddress, mut fields: Vec<Field<'_>>) -> Vec<Missing> {
        let name = ObjectRef::new(&address.api_version, &address.kind, address.namespace.as_deref(), &address.name);
        let is_secret = address.kind == "Secret";
        let mut waits: Vec<Deadline> = fields.iter().map(|field| self.patience(field)).collect();
        let mut missing = Vec::new();
        let mut pause = FIRST_PAUSE;
        loop {
            let mut live = self.get(&name, &waits).await;
            let (mut still, mut blocked) = (Vec::new(), None);
            for (field, wait) in fields.into_iter().zip(waits) {
                match look(&live, &name, &field) {
                    Ok(bytes) => missing.extend(self.write(&field, &bytes, is_secret)),
                    Err(why) if !wait.passed() => {
                        blocked.get_or_insert_with(|| format!("{}: {why}", field.output.name));
                        still.push((field, wait));
                    }
                    Err(why) if wait.total().is_zero() => missing.push(field.missing(why, Exit::Failed)),
                    Err(why) => {
                        let waited = wait.total().as_secs();
                        missing.push(field.missing(format!("{why} (waited for {waited} s)"), Exit::Deadline));
                    }
                }
            }
            if let Ok(Some(object)) = &mut live {
                wipe(object);
            }
            let (Some((_, wait)), Some(why)) = (still.first(), blocked) else { return missing };
            wait.tell(self.console, "output", why);
            wait.pause(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            (fields, waits) = still.into_iter().unzip();
        }
    }

    fn patience(&self, field: &Field<'_>) -> Deadline {
        let wait = field.output.wait.filter(|_| !self.failed).map_or(Duration::ZERO, |wait| wait.0);
        self.cluster.deadline().at_most(wait)
    }

    /// A request that fails for now is made again as long as somebody waits for the object; if nobody does, until the
    /// deadline of the step, as every request.
    async fn get(&self, name: &ObjectRef, waits: &[Deadline]) -> Result<Option<Value>, Fault> {
        match waits.iter().map(Deadline::left).max() {
            Some(left) if !left.is_zero() => self.cluster.patient_for(left).get(name).await,
            _ => self.cluster.get(name).await,
        }
    }

    fn write(&self, field: &Field<'_>, bytes: &[u8], is_secret: bool) -> Option<Missing> {
        if is_secret || field.output.decode.is_some() {
            remember_secret(bytes);
        }
        let failure = self.outputs.write(&field.output.name, bytes).err()?;
        Some(field.missing(failure.message, failure.exit))
    }
}

fn look(live: &Result<Option<Value>, Fault>, name: &ObjectRef, field: &Field<'_>) -> Result<Bytes, String> {
    match live {
        Ok(Some(object)) => field.bytes(object).map_err(|why| format!("{name} {why}")),
        Ok(None) => Err(format!("{name} does not exist")),
        Err(fault) if fault.kind == FaultKind::NotFound => Err(format!("the cluster does not serve {}", name.kind)),
        Err(fault) => Err(fault.to_string()),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

/// The bytes of a value. JSON is written without escapes that only HTML needs, and without a newline.
fn encode(value: &Value, encoding: Option<Encoding>, format: OutputFormat) -> Result<Bytes, &'static str> {
    let bytes = match (encoding, value) {
        (Some(Encoding::Base64), Value::String(text)) => STANDARD.decode(text.trim()).map_err(|_| "no base64")?,
        (Some(Encoding::Base64), _) => return Err("no text to decode"),
        (None, Value::String(text)) => text.clone().into_bytes(),
        (None, other) => return Ok(Bytes::new(other.to_string().into_bytes())),
    };
    let bytes = Bytes::new(bytes);
    match format {
        OutputFormat::Raw => Ok(bytes),
        OutputFormat::Json => {
            let text = std::str::from_utf8(&bytes).map_err(|_| "bytes that no JSON string can hold")?;
            Ok(Bytes::new(serde_json::to_vec(text).map_err(|_| "a text that no JSON string can hold")?))
        }
    }
}

/// What a module hands back may be a secret.
fn of_module(name: &str, found: &Found) -> Option<Zeroizing<String>> {
    let text = found.module.as_ref()?.text(name)?;
    Some(Zeroizing::new(text.into_owned()))
}

fn found_value(value: OutputValue, found: &Found) -> Option<Zeroizing<String>> {
    if value == OutputValue::Kubeconfig {
        return found.kubeconfig.clone();
    }
    let text = match value {
        OutputValue::Proof => found.proof.as_ref().map(|it| serde_json::json!(it).to_string()),
        OutputValue::Status => found.status.as_ref().map(ToString::to_string),
        OutputValue::State => found.state.as_ref().map(ToString::to_string),
        OutputValue::Diff => found.diff.as_ref().map(ToString::to_string),
        OutputValue::Url => found.url.clone(),
        OutputValue::Revision => found.revision.clone(),
        OutputValue::ClusterUid => found.facts.as_ref().map(|it| it.uid.clone()),
        OutputValue::SpokeUid => found.spoke.as_ref().map(|it| it.uid.clone()),
        OutputValue::SpokeServer => found.spoke.as_ref().map(|it| it.server.clone()),
        OutputValue::ClusterVersion => found.facts.as_ref().map(|it| it.version.clone()),
        OutputValue::Kubeconfig => None,
    };
    text.map(Zeroizing::new)
}

fn why_missing(value: OutputValue) -> &'static str {
    match value {
        OutputValue::Proof => "the step came to no proof; install, upgrade and verify make one",
        OutputValue::Status => "the step told no status; the action `status` does",
        OutputValue::State => {
            "the step came to no state of a bead or spoke; every action of one that reaches the hub does"
        }
        OutputValue::Diff => "the step made no comparison; the action `diff` does",
        OutputValue::Url => {
            "`spec.argocd.config` of hub.yaml has no `url`, or the step is none that reads it (install, upgrade, verify)"
        }
        OutputValue::Revision => "the step came to no commit",
        OutputValue::Kubeconfig => "the step made no cluster",
        OutputValue::SpokeUid | OutputValue::SpokeServer => "the step came to no spoke",
        OutputValue::ClusterUid | OutputValue::ClusterVersion => "the step did not reach the cluster",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_written_byte_by_byte() {
        let base64 = Some(Encoding::Base64);
        for (value, encoding, format, bytes) in [
            (json!("a<b>&\n"), None, OutputFormat::Raw, b"a<b>&\n".as_slice()),
            (json!("a<b>&"), None, OutputFormat::Json, b"\"a<b>&\"".as_slice()),
            (json!({"a": "<&>"}), None, OutputFormat::Raw, br#"{"a":"<&>"}"#),
            (json!(3), None, OutputFormat::Raw, b"3"),
            (json!("/wA="), base64, OutputFormat::Raw, b"\xff\x00"),
            (json!("aGk="), base64, OutputFormat::Json, b"\"hi\""),
        ] {
            assert_eq!(&**encode(&value, encoding, format).expect("bytes"), bytes, "{value}");
        }
        for (value, encoding, format) in [
            (json!("?"), base64, OutputFormat::Raw),
            (json!(1), base64, OutputFormat::Raw),
            (json!("/wA="), base64, OutputFormat::Json),
        ] {
            assert!(encode(&value, encoding, format).is_err(), "{value}");
        }
    }
}
