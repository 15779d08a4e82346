//! The values that the words of YAML 1.1 have, by reader; what is agreed with the real ones in `agreement`.

use backstack::schema::plain;
use backstack::yaml::{self, Reader};
use serde_json::{Value, json};

fn read(text: &str, reader: Reader) -> Value {
    plain(&yaml::parse("x.yaml", text, reader).unwrap_or_else(|mistake| panic!("{text}: {mistake}")).root)
}

#[test]
fn words_are_read_by_the_rules_of_whoever_reads_them_next() {
    let text = "[no, off, n, Yes, ON, y, 1_000, 0644, 0o17, 0b101, 1e3, ~, \"no\", !!str no, 1:30, 2001-01-01]";
    assert_eq!(
        read(text, Reader::Kubernetes),
        json!([false, false, false, true, true, true, 1000, 420, 15, 5, 1000, null, "no", "no", "1:30", "2001-01-01"])
    );
    assert_eq!(
        read(text, Reader::Porter),
        json!([
            "no",
            "off",
            "n",
            "Yes",
            "ON",
            "y",
            1000,
            420,
            15,
            5,
            1000,
            null,
            "no",
            "no",
            "1:30",
            "2001-01-01T00:00:00Z"
        ])
    );
    assert_eq!(
        read(text, Reader::Backstage),
        json!([
            "no",
            "off",
            "n",
            "Yes",
            "ON",
            "y",
            "1_000",
            644,
            15,
            "0b101",
            1000,
            null,
            "no",
            "no",
            "1:30",
            "2001-01-01"
        ])
    );
}

#[test]
fn keys_are_read_so_too() {
    let text = "{on: 1, 0x10: 2, 1.50: 3, \"on\": 4}";
    assert_eq!(read(text, Reader::Kubernetes), json!({"true": 1, "16": 2, "1.5": 3, "on": 4}));
    assert!(yaml::parse("x", text, Reader::Porter).is_err(), "`on` is there twice");
    assert_eq!(read("{on: 1, 0x10: 2, 1.50: 3}", Reader::Porter), json!({"on": 1, "0x10": 2, "1.50": 3}));
    assert_eq!(read("{on: 1, 0x10: 2, 1.50: 3}", Reader::Backstage), json!({"on": 1, "16": 2, "1.5": 3}));
}

#[test]
fn what_is_merged_is_merged_by_their_rules() {
    let text = "x: &x {a: 1, b: 2}\nz: {a: 3, <<: *x}\n";
    assert_eq!(
        read(text, Reader::Kubernetes)["z"],
        json!({"a": 1, "b": 2}),
        "go-yaml v2 goes by the order of the text"
    );
    assert_eq!(read(text, Reader::Porter)["z"], json!({"a": 3, "b": 2}));
    assert_eq!(read(text, Reader::Backstage)["z"], json!({"a": 3, "<<": {"a": 1, "b": 2}}));
}
