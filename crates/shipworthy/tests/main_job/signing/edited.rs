//! State that somebody edited by hand, beside what was signed and what the ledger has.

use std::fs;

use serde_json::Value;

use super::{edit, released, verify};

#[test]
fn an_event_that_was_edited_is_not_what_the_ledger_has() {
    let (project, id) = released();
    assert_eq!(verify(&project, &id, "--json").json()["events_in_ledger"], 4);
    let edits = [
        ("actor", "actor = 'eve'", "actor = 'operator'"),
        ("time", "at_us = at_us + 1", "at_us = at_us - 1"),
        ("reason", "reason = 'r' || reason", "reason = substr(reason, 2)"),
    ];
    for (field, edited, back) in edits {
        for kind in ["release.created", "release.attested"] {
            let update = |set: &str| format!("UPDATE events SET {set} WHERE kind = '{kind}'");
            edit(&project, &update(edited));
            let refused = verify(&project, &id, "--json");
            refused.expect(1);
            refused.says(&format!("({kind}) was changed since it was copied into the ledger"));
            assert!(refused.json()["why"].as_str().unwrap().ends_with(field), "{refused:#?}");
            edit(&project, &update(back));
            verify(&project, &id, "").expect(0);
        }
    }
    project.run(&format!("release hold {id} --state STATE --reason audit")).expect(0);
    edit(&project, "DELETE FROM retention; DELETE FROM events WHERE kind = 'release.held'");
    let refused = verify(&project, &id, "");
    refused.expect(1);
    refused.says("(release.held) is in the ledger, and gone from the state");
    // A ledger that cannot be read says nothing about the release.
    let segment = &project.segments()[0];
    let mut bytes = fs::read(segment).unwrap();
    bytes[20] ^= 1;
    for (contents, why) in [(bytes, "cannot be read: "), (Vec::new(), "cannot be read: it is gone")]
    {
        fs::write(segment, contents).unwrap();
        let unread = verify(&project, &id, "--json");
        unread.expect(0);
        unread.says(why);
        assert_eq!(unread.json()["events_in_ledger"], Value::Null);
    }
}

#[test]
fn reference_rows_that_nobody_forgot_are_missed() {
    let (project, id) = released();
    let file = project.state().join(format!("attachments/{}.jsonl", &id[7..]));
    let kept = fs::read_to_string(&file).unwrap();
    let lines = kept.lines().count();
    let one_erased = kept.replacen(kept.lines().nth(4).unwrap(), "null", 1);
    let cases = [
        (String::new(), format!("there are 0 lines where {lines} were signed")),
        ("null\n".repeat(lines), "line 1 is erased, and no event tells".to_owned()),
        (one_erased, "line 5 is erased, and no event tells".to_owned()),
        (kept.replace('\n', "\r\n"), "line 1 is no reference row".to_owned()),
    ];
    for (contents, why) in cases {
        fs::write(&file, contents).unwrap();
        let refused = verify(&project, &id, "");
        refused.expect(1);
        refused.says(&why);
    }
    fs::remove_file(&file).unwrap();
    let refused = verify(&project, &id, "");
    refused.expect(1);
    refused.says("they are gone, and no event tells");
    fs::write(&file, kept).unwrap();
    verify(&project, &id, "").expect(0);
}
