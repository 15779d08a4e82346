//! What a rehearsal has found: what a disaster would cost.

use serde::Serialize;
use serde_json::json;

use super::compare::Compared;
use crate::report::{Console, Failure, Outcome, Table, answer};

/// The report.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The UID of the hub's cluster.
    pub hub: String,
    /// The UID of the scratch cluster.
    pub scratch: String,
    /// The commit that both run.
    pub revision: String,
    /// How many seconds each part took, in their order.
    pub seconds: Vec<Part>,
    /// When the Secrets were exported: what was changed since is lost in a disaster.
    pub exported: String,
    /// How many Secrets were brought.
    pub brought: usize,
    /// What was held back, since the scratch cluster could have worked outside with it.
    pub held_back: Vec<String>,
    /// The objects.
    pub objects: Compared,
    /// Secrets that files name and that are missing at the end.
    pub missing_secrets: Vec<String>,
    /// What would be ordered anew, each with whether the resource outside is known again.
    pub ordered_anew: Vec<Anew>,
    /// What comes from repositories of people: what is ordered there nobody has looked at.
    pub elsewhere: Vec<String>,
    /// What could not be looked at.
    pub not_looked_at: Vec<String>,
    /// Whether the handover on the scratch cluster was proven.
    pub proven: bool,
}

/// A part of the rehearsal.
#[derive(Debug, Serialize)]
pub struct Part {
    /// What was done.
    pub part: &'static str,
    /// How long it took.
    pub seconds: u64,
}

/// Something that is ordered.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Anew {
    /// The object.
    pub object: String,
    /// Whether it says by which name the resource outside is known.
    pub external_name: bool,
}

impl Report {
    /// What is wrong, a line each.
    fn wrong(&self) -> Vec<String> {
        let differing =
            self.objects.differing.iter().map(|it| format!("differs: {}: {}", it.object, it.fields.join(", ")));
        let missing = self.objects.missing.iter().map(|it| format!("missing: {it}"));
        let extra = self.objects.extra.iter().map(|it| format!("only there: {it}"));
        let secrets = self.missing_secrets.iter().map(|it| format!("missing: Secret {it}"));
        let unproven = (!self.proven).then(|| "the handover was not proven".to_owned());
        let unseen = self.objects.not_looked_at.iter().chain(&self.not_looked_at);
        let unknown = unseen.map(|it| format!("not looked at, so not known to come back: {it}"));
        differing.chain(missing).chain(extra).chain(secrets).chain(unproven).chain(unknown).collect()
    }

    /// Tells it, and fails where the hub has not come back as it was.
    pub fn tell(&self, as_json: bool, console: &Console) -> Outcome<()> {
        if as_json {
            answer(&format!("{:#}\n", json!(self)))?;
        }
        let mut table = Table::new(["A DISASTER WOULD COST", ""]);
        for part in &self.seconds {
            table.row([part.part.to_owned(), format!("{} s", part.seconds)]);
        }
        table.row(["objects that come back the same", &self.objects.same.to_string()]);
        table.row(["objects that do not, or nobody knows", &self.wrong().len().to_string()]);
        table.row(["Secrets that come back", &self.brought.to_string()]);
        table.row(["Secrets that are made anew", &self.objects.made_anew.len().to_string()]);
        table.row(["changes of Secrets since", &self.exported]);
        table.row(["orders that would be made anew", &self.ordered_anew.len().to_string()]);
        console.table(&table);
        let lines = self.objects.made_anew.iter().map(|it| format!("made anew: {it}"));
        let lines = lines.chain(self.held_back.iter().map(|it| format!("held back, so not tried: Secret {it}")));
        let ordered = self.ordered_anew.iter().map(|it| {
            let under =
                if it.external_name { "for a resource outside that it names" } else { "under new names outside" };
            format!("would be ordered anew, {under}: {}", it.object)
        });
        let elsewhere = self.elsewhere.iter().map(|it| format!("orders not looked at: {it}"));
        for line in lines.chain(ordered).chain(elsewhere) {
            console.say(format!("  {line}"));
        }
        console.say(
            "not rehearsed: what is on volumes and in databases, addresses and names outside, spokes, whoever logs in from outside",
        );
        let wrong = self.wrong();
        if wrong.is_empty() {
            return Ok(());
        }
        Err(Failure::failed("the hub does not come back as it is")
            .details(wrong)
            .hint(
                "look at each on both clusters; what git does not hold belongs into it, or into the export; what waits for a Secret \
                 that was held back: --bring NAMESPACE/NAME",
            ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_looked_at_is_not_known_to_come_back() {
        let mut report = Report {
            hub: "a".to_owned(),
            scratch: "b".to_owned(),
            revision: "c".to_owned(),
            seconds: Vec::new(),
            exported: String::new(),
            brought: 0,
            held_back: vec!["team/login".to_owned()],
            objects: Compared::default(),
            missing_secrets: Vec::new(),
            ordered_anew: Vec::new(),
            elsewhere: Vec::new(),
            not_looked_at: Vec::new(),
            proven: true,
        };
        assert!(report.wrong().is_empty(), "what is held back is told, and is no loss");
        report.not_looked_at.push("the claims".to_owned());
        report.objects.not_looked_at.push("Secret a/b: forbidden".to_owned());
        assert_eq!(report.wrong().len(), 2);
    }
}
