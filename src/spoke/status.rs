//! How a spoke is, read off the hub alone. Nobody asks the spoke, so nothing here says that it answers.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::look::Hub;
use super::state;
use crate::document::SpokeStep;
use crate::hub::show;
use crate::object::str_at;
use crate::report::{Console, Outcome, Table};
use crate::run::{FoundSpoke, Run};
use crate::words::spoke::Standing;

/// Shows what the hub has of the spoke, and when it was proven last. One that is not registered is a finding, no failure.
pub async fn status(step: &SpokeStep, run: &mut Run<'_>) -> Outcome<()> {
    let hub = Hub::of(step, run).await?;
    let name = step.name.as_str();
    let spoke = state::of(&hub, name);
    let (state, message) = match (hub.spoke(name).map(|it| it.standing), &spoke) {
        (Some(Standing::Ready), Some(spoke)) if str_at(spoke, "/provenAt").is_empty() => {
            ("Pending", "registered, ready as its claim says, and never proven: install it".to_owned())
        }
        (Some(Standing::Ready), Some(spoke)) => {
            ("Ready", format!("registered, and proven at {}; `verify` asks it now", str_at(spoke, "/provenAt")))
        }
        (Some(Standing::New), _) => ("Pending", "registered and not proven: install it to the end".to_owned()),
        (Some(Standing::Draining), _) => ("Pending", "being taken out: uninstall it to the end".to_owned()),
        (Some(Standing::Foreign), _) => ("Failed", "its Secret is of somebody else".to_owned()),
        _ => ("Pending", "not registered".to_owned()),
    };
    let component = json!({name: {"status": state, "message": message}});
    let status = json!({"status": state, "message": format!("spoke {name} is {message}"), "components": component,
        "spoke": spoke});
    let shown = show(step.format, &status, || tell(&status, run.console));
    run.found.spoke = spoke
        .as_ref()
        .map(|it| FoundSpoke { uid: str_at(it, "/uid").to_owned(), server: str_at(it, "/server").to_owned() });
    run.found.state = spoke;
    run.found.status = Some(status);
    shown
}

fn tell(status: &Value, console: &Console) {
    if let Some(spoke) = status["spoke"].as_object() {
        let mut table = Table::new(["FIELD", "OF THE SPOKE"]);
        for (key, value) in spoke.iter().filter(|(_, value)| !value.is_null()) {
            table.row([key.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)]);
        }
        console.table(&table);
    }
    console.say(str_at(status, "/message"));
    if let Some(warning) = state::of_end(&status["spoke"], Timestamp::now()) {
        console.say(format!("warning: {warning}"));
    }
}
