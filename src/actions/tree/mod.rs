//! `tree`: root, its Applications, and the objects that they track, with what is wrong with each.

mod draw;
mod live;
mod node;
mod seen;

use schemars::JsonSchema;
use serde::Serialize;

use self::node::Node;
use self::seen::Seen;
use crate::actions::current::{Current, PATIENCE};
use crate::cli::TreeArgs;
use crate::engine::Deadline;
use crate::report::{Console, Outcome, OutputForm, counted};
use crate::run::{WITHOUT_NAMES, give, tell_unseen};
use crate::words::argo;

/// What hangs on a hub.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tree {
    /// The trees: that of the hub's root first, then those of Applications that nothing else brings.
    pub trees: Vec<Node>,
    /// What was not looked at.
    pub not_looked_at: Vec<String>,
}

/// Draws what hangs on the hub that the command line names.
pub async fn run(args: &TreeArgs, form: Option<&str>, console: &Console) -> Outcome<()> {
    let form = OutputForm::of(form, WITHOUT_NAMES)?;
    let cluster = Current::of(&args.cluster, Deadline::after(PATIENCE), console).await?.cluster;
    let mut seen = cluster.list_with(&argo::every(argo::APPLICATION), |live| Some(Seen::of(live))).await?;
    let not_looked_at = live::ask(&mut seen, &cluster).await;
    let tree = Tree { trees: node::trees(seen, args.application.as_deref())?, not_looked_at };
    give(form, &tree, [""; 0], || tree.tell(args.all, console))
}

impl Tree {
    fn tell(&self, all: bool, console: &Console) {
        for top in &self.trees {
            for line in draw::lines(top, all) {
                console.say(line);
            }
        }
        tell_unseen(&self.not_looked_at, console);
        console.done("looked at", self.summary());
    }

    fn summary(&self) -> String {
        let nodes = || self.trees.iter().flat_map(Node::all);
        let applications = nodes().filter(|it| it.is_application()).count();
        let objects = counted(nodes().count() - applications, "object");
        let applications = counted(applications, "Application");
        match nodes().filter(|it| it.message.is_some()).count() {
            0 => format!("{applications} with {objects}, and found nothing wrong"),
            1 => format!("{applications} with {objects}; one of them is not well"),
            unwell => format!("{applications} with {objects}; {unwell} of them are not well"),
        }
    }
}
