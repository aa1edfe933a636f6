//! The pages of the diagnostic codes: each has its shape, and its examples are true. A block marked
//! `bad` raises the page's code, a block marked `good` does not; a `given` block stands before both.

use std::fs;

use factlog::base::codes;
use factlog::session::{LimitOptions, Options, Session};

/// What the examples of the pages speak of; a block may declare a relation anew.
const SCHEMA: &str = "\
.enum Role = Host | Guest | Participant
.decl Country(id: Country) key(id)
.decl Person(id: Person, name: symbol?, country: Country?) key(id)
.decl Leader(id: Person) key(id)
.decl Event(id: Event) key(id)
.decl Summit(id: Event) key(id)
.decl Attended(leader: Person, summit: Event, role: Role = Participant) key(leader, summit)
.decl EventDate(event: Event, date: date) key(event)
.decl Figure(measure: symbol, value: number) key(measure)
";

const FACTS: &[&str] = &[
    "Country(id: \"kz\")",
    "Person(id: \"tokayev\")",
    "Person(id: \"mirziyoyev\")",
    "Person(id: \"japarov\")",
    "Event(id: \"xian_2023\")",
    "Event(id: \"washington_2025\")",
    "Source(id: \"xinhua\", publisher: \"Xinhua\")",
    "Source(id: \"reuters\", publisher: \"Reuters\")",
    "Source(id: \"blog\", publisher: \"Blog\")",
    "Source(id: \"a\", publisher: \"A\")",
    "Source(id: \"b\", publisher: \"B\")",
];

struct Block {
    language: String,
    kind: String,
    text: String,
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        if let Some(info) = line.strip_prefix("```") {
            inside = !inside;
            if inside {
                let mut words = info.split(' ').map(str::to_owned);
                let mut word = || words.next().unwrap_or_default();
                blocks.push(Block { language: word(), kind: word(), text: String::new() });
            }
        } else if inside {
            let block = blocks.last_mut().unwrap();
            block.text += line;
            block.text.push('\n');
        }
    }
    assert!(!inside, "a block is not closed");
    blocks
}

/// What all of loading, checking and running finds in a project that holds these blocks.
fn findings(code: &str, blocks: &[&Block]) -> Vec<String> {
    let project = tempfile::tempdir().unwrap();
    let root = project.path();
    fs::create_dir(root.join("rules")).unwrap();
    fs::create_dir(root.join("facts")).unwrap();
    let of = |language: &str| -> String {
        blocks.iter().filter(|block| block.language == language).map(|block| block.text.as_str()).collect()
    };
    let (rules, facts, settings) = (of("factlog"), of("ron"), of("settings"));
    let declared_here = |line: &&str| {
        let name = line.split(['(', ' ']).nth(1).unwrap();
        !rules.contains(&format!(".decl {name}(")) && !rules.contains(&format!(".enum {name} "))
    };
    let schema: Vec<&str> = SCHEMA.lines().filter(declared_here).collect();
    fs::write(root.join("rules/schema.dl"), schema.join("\n")).unwrap();
    fs::write(root.join("rules/page.dl"), &rules).unwrap();
    let stated_here = |fact: &&&str| {
        let name = fact.split('(').next().unwrap();
        let id = fact.split('"').nth(1).unwrap();
        facts.contains(&format!("id: \"{id}\"")) || rules.contains(&format!(".decl {name}("))
    };
    let common: Vec<&str> = FACTS.iter().filter(|fact| !stated_here(fact)).copied().collect();
    fs::write(root.join("facts/common.ron"), format!("[{}]", common.join(",\n"))).unwrap();
    // An example shows facts as they stand in a list, unless it shows a whole file.
    let in_list = facts.starts_with(|first: char| first.is_ascii_uppercase()) && !code.starts_with("FL0");
    fs::write(root.join("facts/page.ron"), if in_list { format!("[\n{facts}]\n") } else { facts }).unwrap();
    if !settings.is_empty() {
        fs::write(root.join("factlog.ron"), settings).unwrap();
    }

    // One example recurses without end.
    let limits = LimitOptions { rows: Some(10_000), ..LimitOptions::default() };
    let options = Options { limits, ..Options::default() };
    let mut session = match Session::open(Some(root), options) {
        Ok(session) => session,
        Err((diagnostic, _)) => return vec![diagnostic.code],
    };
    let mut found: Vec<_> = session.broken().to_vec();
    if found.is_empty() {
        match session.check(None) {
            Ok(findings) => found.extend(findings),
            Err(error) => found.extend(error.diagnostics().to_vec()),
        }
        let relations: Vec<String> =
            session.relations().into_iter().map(|info| info.name.to_string()).collect();
        if let Err(error) = session.run(&relations, false) {
            found.extend(error.diagnostics().to_vec());
        }
    }
    found.into_iter().map(|diagnostic| diagnostic.code).collect()
}

/// Codes whose mistake a short text cannot show: it lies in bytes, in sizes, in the file system, in
/// the texts of sources, at the prompt, or in a limit.
const NOT_SHOWN: &[&str] = &[
    "FL001", "FL002", "FL005", "FL006", "FL019", "FL027", "FL051", "FL052", "FL056", "FL059", "FL060",
    "FL061", "FL062", "FL063", "FL064", "FL065", "FL066", "FL070", "FL071", "FL105", "FL107", "FL116",
    "FL408", "FL431", "FL432", "FL433", "FL434", "FL506", "FL600", "FL601", "FL602", "FL603", "FL904",
    "FL910", "FL911", "FL912", "FL913", "FL914", "FL915",
];

#[test]
fn every_page_has_its_shape() {
    for info in codes::all() {
        assert!(
            info.page.starts_with(&format!("# {} {}\n\n", info.code, info.name)),
            "head of {}",
            info.code
        );
        let lines = info.page.lines().count();
        assert!((8..=26).contains(&lines), "{} has {lines} lines", info.code);
        let found = blocks(info.page);
        assert!(!found.is_empty(), "{} has no example", info.code);
    }
}

#[test]
fn the_examples_of_the_pages_are_true() {
    let mut wrong = Vec::new();
    for info in codes::all() {
        let blocks = blocks(info.page);
        let of_kind = |kind: &str| blocks.iter().filter(|block| block.kind == kind).collect::<Vec<_>>();
        let given = of_kind("given");
        let (bad, good) = (of_kind("bad"), of_kind("good"));
        if (bad.is_empty() || good.is_empty()) && !NOT_SHOWN.contains(&info.code) {
            wrong.push(format!("{} shows no bad or no good example", info.code));
        }
        for block in bad {
            let found = findings(info.code, &[given.clone(), vec![block]].concat());
            if !found.iter().any(|code| code == info.code) {
                wrong.push(format!("{}: the bad example raises {found:?}\n{}", info.code, block.text));
            }
        }
        for block in good {
            let found = findings(info.code, &[given.clone(), vec![block]].concat());
            // The examples of the syntax pages leave out declarations; the others are complete.
            let names = info.code.starts_with("FL0") || info.code.starts_with("FL1");
            let fails =
                |code: &String| code == info.code || !names && !["FL503", "FL500"].contains(&code.as_str());
            if found.iter().any(fails) {
                wrong.push(format!("{}: the good example raises {found:?}\n{}", info.code, block.text));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
