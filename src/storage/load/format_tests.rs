//! Formatting keeps what a file says.

use proptest::prelude::*;

use super::tests::{any_fact, cases};
use crate::base::FileId;
use crate::model::format::format_facts;
use crate::storage::testing::{dump, loaded, schema};

fn formatted(text: &str) -> String {
    format_facts(FileId(0), text, &schema()).unwrap()
}

#[test]
fn facts_are_laid_out_by_their_declaration() {
    let text = "[Attended(_src:\"s\",summit:'x'.into)]";
    assert!(format_facts(FileId(0), text, &schema()).is_err());
    let text = "(facts:[ // all of them\nAttended(_at: \"L1\", _src:\"s\", summit:\"e\", leader:\"a\"),\n\n\n\
                Attended(\"a\",\"e\",Host), // by position\nAttended(\"a\",\"e\",Host),])";
    let expected = "(\n    facts: [\n        // all of them\n        \
                    Attended(leader: \"a\", summit: \"e\", _src: \"s\", _at: \"L1\"),\n\n        \
                    Attended(leader: \"a\", summit: \"e\", role: Host), // by position\n        \
                    Attended(leader: \"a\", summit: \"e\", role: Host),\n    ],\n)\n";
    let actual = formatted(text);
    // Where a comment behind an opening bracket goes is the printer's choice; that it stays is not.
    let without = |text: &str| text.replace("        // all of them\n", "").replace(" // all of them", "");
    assert_eq!(without(&actual), without(expected));
    assert!(actual.contains("// all of them"));
}

#[test]
fn repeated_facts_stay() {
    let text = "[Event(id: \"a\"), Event(id: \"a\"), Event(id: \"a\")]";
    assert_eq!(formatted(text).matches("Event(").count(), 3);
}

fn any_file() -> impl Strategy<Value = (String, usize)> {
    let between =
        prop::sample::select(vec![",", " ,\n", ",\n\n\n", ", // C\n", " /* C */,", ",/* C\n*/ // C\n\t"]);
    let facts = prop::collection::vec((any_fact(), between), 0..15);
    (facts, any::<bool>(), any::<bool>()).prop_map(|(facts, remark, defaults)| {
        let mut text = String::new();
        if remark {
            text.push_str("// C head\n\n");
        }
        text.push_str(if defaults { "(defaults:(_src:\"s1\"), facts : [" } else { "[" });
        for (fact, between) in facts {
            text.push_str(&fact);
            text.push_str(between);
        }
        text.push_str(if defaults { "])" } else { "]" });
        let comments = text.matches(" C").count();
        (text, comments)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn formatting_is_idempotent_and_changes_no_fact((text, comments) in any_file()) {
        let once = formatted(&text);
        prop_assert_eq!(&formatted(&once), &once);
        prop_assert_eq!(once.matches(" C").count(), comments, "{}", once);
        prop_assert_eq!(dump(&loaded(&[&text]).unwrap()), dump(&loaded(&[&once]).unwrap()));
    }
}
