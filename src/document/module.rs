//! A module of OpenTofu, as far as it can be read without running anything: what it is given and gives, what it is made with.
//!
//! The only file that names the HCL crate. Expressions are not evaluated: what is behind one is not known, and told so.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use hcl_edit::expr::{Expression, Object, ObjectKey};
use hcl_edit::parser::parse_body;
use hcl_edit::structure::{Block, Body};
use hcl_edit::{Ident, Span as _};
use serde_json::{Map, Value};

use crate::report::{Diagnostic, Place, Source};
use crate::schema::ProviderAddress;

/// Where something stands.
pub type At = (Arc<Source>, Place);

/// What is in the files of one folder.
#[derive(Debug, Clone, Default)]
pub struct Module {
    /// The variables by name.
    pub variables: BTreeMap<String, Variable>,
    /// The outputs by name, and whether each is sensitive, where that is known.
    pub outputs: BTreeMap<String, Option<bool>>,
    /// The providers by the names that the module gives them.
    pub providers: BTreeMap<String, RequiredProvider>,
    /// The constraint on the version of OpenTofu.
    pub required_version: Option<(String, At)>,
    /// The backend that keeps the state.
    pub backend: Option<(String, At)>,
    /// The modules that it calls, by their sources, where those are known.
    pub calls: Vec<(Option<String>, At)>,
}

/// A variable.
#[derive(Debug, Clone)]
pub struct Variable {
    /// Whether it has a value when none is given.
    pub has_default: bool,
    /// Whether it is sensitive, where that is known.
    pub sensitive: Option<bool>,
    /// Where it is declared.
    pub at: At,
}

/// A provider that a module is made with.
#[derive(Debug, Clone)]
pub struct RequiredProvider {
    /// Which one; `None` where its source is none.
    pub address: Option<ProviderAddress>,
    /// Which versions.
    pub version: Option<String>,
    /// Where the module says so.
    pub at: At,
}

/// A provider in a dependency lock file, `.terraform.lock.hcl`.
#[derive(Debug, Clone)]
pub struct LockedProvider {
    /// Which one, as the file says it.
    pub address: Option<ProviderAddress>,
    /// Its version.
    pub version: String,
    /// The digests of the archives that may be taken, as `sha256:…`. Empty where the file has none of them.
    pub archives: Vec<String>,
    /// Where it stands.
    pub at: At,
}

impl Module {
    /// Adds a file of the folder. Fails with the first mistake of it.
    pub fn add(&mut self, source: &Arc<Source>) -> Result<(), Box<Diagnostic>> {
        let body = parsed(source)?;
        for block in body.blocks() {
            let at = place_of(block.ident.span(), source);
            let name = block.labels.first().map(|label| label.as_str().to_owned());
            match (block.ident.as_str(), name) {
                ("variable", Some(name)) => self.variable(name, block, at),
                ("output", Some(name)) => {
                    self.outputs.insert(name, sensitive(&block.body));
                }
                ("terraform", _) => self.settings(&block.body, source),
                ("module", Some(_)) => self.calls.push((text(&block.body, "source"), at)),
                ("provider", Some(name)) => self.implied(&name, at),
                ("resource" | "data" | "ephemeral", Some(kind)) => {
                    self.implied(kind.split('_').next().unwrap_or(&kind), at);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The names in a file of values, each of which becomes the value of a variable.
    pub fn given_in(source: &Arc<Source>) -> Result<Vec<String>, Box<Diagnostic>> {
        Ok(parsed(source)?.attributes().map(|it| it.key.as_str().to_owned()).collect())
    }

    /// A later declaration, of an override file, adds to the earlier one.
    fn variable(&mut self, name: String, block: &Block, at: At) {
        let has_default = block.body.has_attribute("default");
        let sensitive = block.body.has_attribute("sensitive").then(|| sensitive(&block.body));
        let variable = self.variables.entry(name).or_insert(Variable { has_default, sensitive: Some(false), at });
        variable.has_default |= has_default;
        variable.sensitive = sensitive.unwrap_or(variable.sensitive);
    }

    fn settings(&mut self, body: &Body, source: &Arc<Source>) {
        if let Some(attribute) = body.get_attribute("required_version") {
            let at = place_of(attribute.value.span(), source);
            self.required_version = attribute.value.as_str().map(|it| (it.to_owned(), at));
        }
        for block in body.blocks() {
            let at = place_of(block.ident.span(), source);
            match block.ident.as_str() {
                "backend" => self.backend = block.labels.first().map(|label| (label.as_str().to_owned(), at)),
                "cloud" => self.backend = Some(("cloud".to_owned(), at)),
                "required_providers" => self.required(&block.body, source),
                _ => {}
            }
        }
    }

    fn required(&mut self, body: &Body, source: &Arc<Source>) {
        for attribute in body.attributes() {
            let name = attribute.key.as_str().to_owned();
            let at = place_of(attribute.key.span(), source);
            let (address, version) = match &attribute.value {
                Expression::Object(object) => {
                    (field(object, "source").unwrap_or_else(|| name.clone()), field(object, "version"))
                }
                version => (name.clone(), version.as_str().map(str::to_owned)),
            };
            let address = ProviderAddress::of_module(&address);
            self.providers.insert(name, RequiredProvider { address, version, at });
        }
    }

    /// A provider that is used under a name; what `required_providers` says of the name counts, wherever it stands.
    fn implied(&mut self, name: &str, at: At) {
        if name != "terraform" {
            let address = ProviderAddress::of_module(name);
            self.providers.entry(name.to_owned()).or_insert(RequiredProvider { address, version: None, at });
        }
    }
}

/// The names and values in a file as they are written, without what stands for another value: where secrets are looked for.
pub fn literals(source: &Arc<Source>) -> Result<Value, Box<Diagnostic>> {
    Ok(of_body(&parsed(source)?, Map::new()))
}

fn of_body(body: &Body, mut found: Map<String, Value>) -> Value {
    for attribute in body.attributes() {
        found.extend(literal(&attribute.value).map(|value| (attribute.key.as_str().to_owned(), value)));
    }
    for block in body.blocks() {
        // A variable is told by its name, and its value stands under `default`.
        let name = block.labels.last().map(|label| ("name".to_owned(), Value::from(label.as_str())));
        let blocks = found.entry(block.ident.as_str()).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(blocks) = blocks {
            blocks.push(of_body(&block.body, name.into_iter().collect()));
        }
    }
    Value::Object(found)
}

fn literal(value: &Expression) -> Option<Value> {
    match value {
        Expression::String(text) => Some(Value::from(text.as_str())),
        Expression::Number(number) => Some(Value::from(number.value().to_string())),
        Expression::HeredocTemplate(text) => Some(Value::from(text.template.to_string())),
        Expression::Array(items) => Some(items.iter().filter_map(literal).collect()),
        Expression::Object(object) => {
            let entries = object.iter().filter_map(|(key, value)| Some((key_of(key)?, literal(value.expr())?)));
            Some(Value::Object(entries.collect()))
        }
        _ => None,
    }
}

/// What a dependency lock file has.
pub fn locked_providers(source: &Arc<Source>) -> Result<Vec<LockedProvider>, Box<Diagnostic>> {
    let body = parsed(source)?;
    let providers = body.get_blocks("provider").filter_map(|block| {
        let archives = block.body.get_attribute("hashes").and_then(|it| it.value.as_array());
        let archives = archives.into_iter().flat_map(|all| all.iter()).filter_map(Expression::as_str);
        Some(LockedProvider {
            address: ProviderAddress::parse(block.labels.first()?.as_str()),
            version: text(&block.body, "version")?,
            archives: archives.filter_map(|it| Some(format!("sha256:{}", it.strip_prefix("zh:")?))).collect(),
            at: place_of(block.ident.span(), source),
        })
    });
    Ok(providers.collect())
}

fn parsed(source: &Arc<Source>) -> Result<Body, Box<Diagnostic>> {
    parse_body(&source.text).map_err(|error| {
        let start = error.location().offset().min(source.text.len());
        Box::new(Diagnostic::error("", error.message()).at(source, source.place(start..start)))
    })
}

fn place_of(span: Option<Range<usize>>, source: &Arc<Source>) -> At {
    (Arc::clone(source), source.place(span.unwrap_or_default()))
}

/// The text of an attribute, where it is one.
fn text(body: &Body, name: &str) -> Option<String> {
    body.get_attribute(name)?.value.as_str().map(str::to_owned)
}

fn field(object: &Object, name: &str) -> Option<String> {
    let found = object.iter().find(|(key, _)| key_of(key).as_deref() == Some(name))?;
    found.1.expr().as_str().map(str::to_owned)
}

fn key_of(key: &ObjectKey) -> Option<String> {
    let quoted = || key.as_expr().and_then(Expression::as_str);
    key.as_ident().map(Ident::as_str).or_else(quoted).map(str::to_owned)
}

/// Whether a variable or an output is sensitive; `None` for what only a run knows.
fn sensitive(body: &Body) -> Option<bool> {
    body.get_attribute("sensitive").map_or(Some(false), |it| it.value.as_bool())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn source(text: &str) -> Arc<Source> {
        Arc::new(Source { name: "main.tf".to_owned(), text: text.to_owned() })
    }

    fn module(texts: &[&str]) -> Module {
        let mut module = Module::default();
        for text in texts {
            module.add(&source(text)).expect("HCL");
        }
        module
    }

    #[test]
    fn what_a_module_is_given_and_gives() {
        let read = module(&[
            "variable \"a\" {}\nvariable \"b\" {\n  default = null\n  sensitive = true\n}\nvariable c { sensitive = var.x }\n\
             output \"k\" {\n  value = b.c\n  sensitive = true\n}\noutput \"o\" { value = \"${a}\" }\n",
            "variable \"a\" {\n  default = 1\n}\n",
        ]);
        let shown: Vec<_> =
            read.variables.iter().map(|(name, it)| (name.as_str(), it.has_default, it.sensitive)).collect();
        assert_eq!(shown, [("a", true, Some(false)), ("b", true, Some(true)), ("c", false, None)]);
        assert_eq!(read.outputs, BTreeMap::from([("k".to_owned(), Some(true)), ("o".to_owned(), Some(false))]));
        assert_eq!(read.variables["b"].at.1.line, 2);
    }

    #[test]
    fn what_a_module_is_made_with() {
        let read = module(&[
            "resource \"google_x\" \"y\" {}\nresource \"terraform_data\" \"z\" {}\ndata \"other_x\" \"y\" {}\n\
             module \"net\" { source = \"./net\" }\n",
            "terraform {\n  required_version = \">= 1.9\"\n  backend \"gcs\" {}\n  required_providers {\n    \
             google = { source = \"Acme/google\", \"version\" = \"~> 6.0\" }\n    old = \">= 1\"\n  }\n}\n",
        ]);
        let shown: Vec<_> = read
            .providers
            .iter()
            .map(|(name, it)| (name.as_str(), it.address.as_ref().map(ToString::to_string), it.version.as_deref()))
            .collect();
        let address = |text: &str| Some(text.to_owned());
        assert_eq!(
            shown,
            [
                ("google", address("acme/google"), Some("~> 6.0")),
                ("old", address("hashicorp/old"), Some(">= 1")),
                ("other", address("hashicorp/other"), None)
            ]
        );
        assert_eq!(read.backend.expect("one").0, "gcs");
        assert_eq!(read.required_version.expect("one").0, ">= 1.9");
        assert_eq!(read.calls[0].0.as_deref(), Some("./net"));
    }

    #[test]
    fn only_what_is_written_out_is_a_literal() {
        let text =
            "a = \"x\"\nb = var.x\nc = \"${var.x}\"\nd = { e = [1, \"y\", f()] }\nvariable \"t\" { default = \"z\" }\n";
        let expected = json!({"a": "x", "d": {"e": ["1", "y"]}, "variable": [{"name": "t", "default": "z"}]});
        assert_eq!(literals(&source(text)).expect("HCL"), expected);
    }

    #[test]
    fn what_a_dependency_lock_file_takes() {
        let text = "provider \"example.org/a/b\" {\n  version = \"1.2.3\"\n  hashes = [\n    \"h1:x\",\n    \"zh:00ff\",\n  ]\n}\n";
        let locked = locked_providers(&source(text)).expect("HCL");
        assert_eq!(
            (locked[0].version.as_str(), locked[0].archives.as_slice()),
            ("1.2.3", &["sha256:00ff".to_owned()][..])
        );
        let mistake = locked_providers(&source("provider \"x\" {\n  = 1\n}\n")).expect_err("no HCL");
        assert_eq!(mistake.place.expect("a place").line, 2);
    }
}
