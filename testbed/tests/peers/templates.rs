//! The table of templates that the program's own tests read, against the libraries of Porter.

use std::fs::{self, File};
use std::path::Path;

use backstack_testbed::build::go;

/// `UPDATE=1` writes what the libraries say of each case into the table.
#[test]
#[ignore = "fetches and builds Go modules"]
fn the_table_of_templates_says_what_porter_does() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = root.join("../tests/data/porter-templates.json");
    let input = File::open(&table).expect("the table");
    let output =
        go(&root.join("peers/templates")).expect("go").args(["run", "."]).stdin(input).output().expect("started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).expect("text");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&table, &said).expect("written");
    }
    assert_eq!(fs::read_to_string(&table).expect("the table"), said);
}
