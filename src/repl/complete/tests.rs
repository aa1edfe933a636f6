//! Tests of completion over a small base.

use super::*;
use crate::session::Options;

fn catalog() -> Catalog {
    let mut session = Session::empty(Options::default());
    let base = r#"
        .enum Role = Host | Guest | Participant
        .decl Person(id: Person, name: symbol) key(id)
        .decl Event(id: Event, name: symbol) key(id)
        .decl Attended(leader: Person, summit: Event, role: Role = Participant) key(leader, summit)
        .type Entity = Person | Event
        .decl Alias(entity: Entity, text: symbol)
        Met(a: x, b: y) :- Attended(leader: x, summit: s), Attended(leader: y, summit: s), x < y.
        Source(id: "reuters_2025", publisher: "Reuters").
        Person(id: "tokayev", name: "Kassym-Jomart Tokayev").
        Person(id: "mirziyoyev", name: "Shavkat Mirziyoyev").
        Event(id: "xian_2023", name: "summit in Xian").
        Event(id: "tokyo_2022", name: "talks in Tokyo").
        Alias(entity: "xian_2023", text: "Xi'an meeting").
    "#;
    session.define(base).unwrap();
    Catalog::of(&session)
}

/// The line after Tab at `|`, for each candidate.
fn completed(line: &str) -> Vec<String> {
    let cursor = line.find('|').unwrap();
    let (typed, after) = (&line[..cursor], &line[cursor + 1..]);
    let (start, found) = catalog().complete("", &format!("{typed}{after}"), cursor).unwrap();
    found.iter().map(|found| format!("{}{}{after}", &typed[..start], found.replacement)).collect()
}

#[test]
fn relations_whatever_their_case() {
    assert_eq!(completed("att|"), ["Attended("]);
    assert_eq!(completed("Attended(leader: l), !Me|"), ["Attended(leader: l), !Met("]);
    assert_eq!(completed("H(x: x) :- Att|(leader: x)"), ["H(x: x) :- Attended(leader: x)"]);
}

#[test]
fn columns_that_are_not_named_yet() {
    assert_eq!(completed("Attended(|"), ["Attended(leader: ", "Attended(role: ", "Attended(summit: "]);
    assert_eq!(completed("Attended(leader: l, s|"), ["Attended(leader: l, summit: "]);
    assert_eq!(completed("Attended(le|: l)"), ["Attended(leader: l)"]);
}

#[test]
fn metadata_of_what_can_be_stated() {
    assert_eq!(completed("Attended(_s|"), ["Attended(_src: ", "Attended(_status: "]);
    assert_eq!(
        completed("Attended(_status: P|"),
        ["Attended(_status: Planned", "Attended(_status: Proposed"]
    );
    assert_eq!(completed("Attended(_status >= He|"), ["Attended(_status >= Held"]);
    assert_eq!(completed("Attended(_src: \"reu|"), ["Attended(_src: \"reuters_2025\""]);
    assert_eq!(completed("Met(_s|"), Vec::<String>::new());
}

#[test]
fn constants_of_an_enum() {
    assert_eq!(
        completed("Attended(role: |"),
        ["Attended(role: Guest", "Attended(role: Host", "Attended(role: Participant"].map(str::to_owned)
    );
    assert_eq!(completed("Attended(role: Ho|)"), ["Attended(role: Host)"]);
}

#[test]
fn things_by_id_by_name_and_by_alias() {
    // Only what fits the column: a person, not the talks in Tokyo.
    assert_eq!(completed("Attended(leader: \"tok|"), ["Attended(leader: \"tokayev\""]);
    assert_eq!(completed("Attended(leader: \"Tok|\")"), ["Attended(leader: \"tokayev\")"]);
    assert_eq!(completed("Attended(leader: \"kassym|"), ["Attended(leader: \"tokayev\""]);
    assert_eq!(completed("Attended(summit: \"xi'an|"), ["Attended(summit: \"xian_2023\""]);
    assert_eq!(completed("Attended(_, \"2023|"), ["Attended(_, \"xian_2023\""]);
    assert_eq!(completed("Attended(leader: tok|"), ["Attended(leader: \"tokayev\""]);
    // Both where nothing is known of the place.
    assert_eq!(completed("x = \"tok|"), ["x = \"tokayev\"", "x = \"tokyo_2022\""]);
}

#[test]
fn a_list_of_candidates_shows_names_beside_ids() {
    let (_, found) = catalog().complete("", "Person(id: \"m", 13).unwrap();
    assert_eq!(found[0].display, "mirziyoyev (Shavkat Mirziyoyev)");
}

#[test]
fn functors_words_and_variables() {
    assert_eq!(
        completed("Event(id: year), x = ye|"),
        ["Event(id: year), x = year", "Event(id: year), x = year("]
    );
    assert_eq!(completed("Met(a: one), on|"), ["Met(a: one), one"]);
    assert!(completed("n = co|").contains(&"n = count".to_owned()));
}

#[test]
fn declarations() {
    assert_eq!(completed(".de|"), [".decl"]);
    assert_eq!(completed(".decl Deal(buyer: Per|"), [".decl Deal(buyer: Person"]);
    assert_eq!(completed(".output M|"), [".output Met"]);
}

#[test]
fn commands_and_their_arguments() {
    assert_eq!(completed(":rel|"), [":relations", ":reload"]);
    assert_eq!(completed(":sch|"), [":schema "]);
    assert_eq!(completed(":schema Att|"), [":schema Attended"]);
    assert_eq!(completed(":facts tok|"), [":facts tokayev", ":facts tokyo_2022"]);
    assert_eq!(completed(":source r|"), [":source reuters_2025"]);
    assert_eq!(completed(":mode j|"), [":mode json", ":mode jsonl"]);
    assert_eq!(completed(":help ti|"), [":help timer"]);
    assert_eq!(completed(":plan Attended(le|"), [":plan Attended(leader: "]);
    assert_eq!(completed(":undo x|"), Vec::<String>::new());
}

#[test]
fn earlier_lines_count() {
    let catalog = catalog();
    let (start, found) = catalog.complete("Attended(leader: l,", "  su", 4).unwrap();
    assert_eq!((start, found[0].replacement.as_str()), (2, "summit: "));
}

#[test]
fn nothing_in_comments_and_no_panic_anywhere() {
    assert_eq!(completed("A(x) // Att|"), Vec::<String>::new());
    let catalog = catalog();
    for text in [
        "Attended(leader: \"é漢\\\"",
        ":facts \"",
        "((((",
        "))))",
        ":",
        ".",
        "\\",
        "A(_by: [\"x",
        "d\"20",
        "A(x:(y:",
    ] {
        for cursor in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
            catalog.complete("", text, cursor);
            catalog.complete("A(\"", text, cursor);
        }
    }
}
