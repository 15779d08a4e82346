//! The parameter sets and credential sets that people have for Porter, in the hands of `bundle run`.

use std::path::Path;

use super::{Tryout, kept, step};

#[test]
fn the_sets_that_people_have_for_porter_are_read() {
    let tryout = Tryout::new();
    tryout.put("f.txt", "from a file");
    tryout.put(
        "set.yaml",
        "schemaType: ParameterSet\nschemaVersion: 1.1.0\nname: mine\nparameters:\n- {name: replicas, source: {value: 7}}\n\
         - {name: tag, source: {env: TAG}}\n- {name: file, source: {path: f.txt}}\n",
    );
    tryout.put(
        "creds.json",
        r#"{"schemaVersion": "1.0.1", "name": "mine", "credentials": [{"name": "token", "source": {"env": "MINE"}}]}"#,
    );
    let call = tryout.call("install --param-file=set.yaml --cred-file=creds.json");
    let run = call.env("TAG", "v2").env("MINE", "t0p-secret").run().exits(0);
    assert!(step(&run).starts_with("7 small v2") && kept(&run).contains(" t0p-secret\nfrom a file"), "{}", run.stdout);
    for source in ["{secret: x}", "{command: cat y}"] {
        tryout.put("creds.yaml", &format!("name: mine\ncredentials:\n- name: token\n  source: {source}\n"));
        tryout.run("install --cred-file=creds.yaml").exits(2).says("creds.yaml:4:11: `token` comes from `");
    }
    tryout
        .run("install --param-file=set.yaml")
        .exits(2)
        .says("`tag`: the environment variable TAG is not set (set.yaml:6:10)");
}

#[test]
fn a_path_in_a_set_takes_variables_and_shows_none_of_them() {
    let tryout = Tryout::new();
    tryout.put("path.yaml", "name: mine\ncredentials:\n- {name: token, source: {path: \"$FOLDER/${FILE}\"}}\n");
    let token = tryout.put("token.txt", "t0p-path");
    let folder = token.parent().and_then(Path::to_str).expect("a folder");
    let given = |file: &str| tryout.call("install --cred-file=path.yaml").env("FOLDER", folder).env("FILE", file).run();
    let run = given("token.txt").exits(0);
    assert!(kept(&run).contains(" t0p-path"), "{}", run.stdout);
    let run = given("t0p-name").exits(2).says("path.yaml:3:32: `token`: $FOLDER/${FILE} leads to no file");
    assert!(!run.stderr.contains("t0p-name"), "{}", run.stderr);
    let unset = "path.yaml:3:32: `token`: the environment variable FOLDER in $FOLDER/${FILE} is not set";
    tryout.run("install --cred-file=path.yaml").exits(2).says(unset);
}
