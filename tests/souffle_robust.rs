//! Soufflé programs with some of their tokens changed: whatever comes out, the program neither
//! panics nor goes on for long, one thread and two say the same, and every mistake has a place.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use factlog::base::{CancelToken, Limits};
use factlog::session::souffle::{self, RunOptions};
use factlog::session::{Error, fault};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

fn cases(default: u32) -> u32 {
    std::env::var("FACTLOG_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(default)
}

/// The programs of the corpus, as tokens.
fn programs() -> Vec<Vec<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/souffle");
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path().join("prog.dl")).collect();
    paths.sort();
    paths.iter().filter_map(|path| fs::read_to_string(path).ok()).map(|text| tokens(&text)).collect()
}

/// Words, numbers, strings, and all else, white space too, a character at a time.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let mut token = String::from(c);
        if c.is_alphanumeric() || c == '_' {
            while let Some(c) = chars.next_if(|c| c.is_alphanumeric() || *c == '_') {
                token.push(c);
            }
        } else if c == '"' {
            for c in chars.by_ref() {
                token.push(c);
                if c == '"' || c == '\n' {
                    break;
                }
            }
        }
        tokens.push(token);
    }
    tokens
}

#[derive(Clone, Debug)]
enum Edit {
    Drop(Index),
    Swap(Index, Index),
    Write(Index, &'static str),
    /// The token becomes another one of its kind in the same program.
    Exchange(Index, Index),
    DropLine(Index),
    SwapLines(Index, Index),
    /// A line of another program comes before this one.
    TakeLine(Index, Index, Index),
}

const WORDS: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ".",
    ";",
    ":",
    ":-",
    "!",
    "|",
    "=",
    "!=",
    "<=",
    "-",
    "+",
    "/",
    "%",
    "^",
    "$",
    "_",
    "x",
    "0",
    "-1",
    "2147483647",
    "4294967295",
    "1.5",
    "\"a\"",
    "nil",
    "true",
    "count",
    "sum",
    "min",
    "max",
    "mean",
    "range",
    "autoinc()",
    "ord",
    "cat",
    "substr",
    "to_number",
    "number",
    "unsigned",
    "float",
    "symbol",
    ".decl",
    ".type",
    ".comp",
    ".init",
    ".input",
    ".output",
    ".printsize",
    ".limitsize",
    ".plan",
    "override",
    "eqrel",
    "choice-domain",
    "inline",
    "<:",
    "as",
    "bshl",
    "band",
    "lnot",
    "match",
    "contains",
];

fn edit() -> impl Strategy<Value = Edit> {
    let index = any::<Index>;
    prop_oneof![
        1 => index().prop_map(Edit::Drop),
        1 => (index(), index()).prop_map(|(a, b)| Edit::Swap(a, b)),
        1 => (index(), proptest::sample::select(WORDS)).prop_map(|(a, word)| Edit::Write(a, word)),
        8 => (index(), index()).prop_map(|(a, b)| Edit::Exchange(a, b)),
        2 => index().prop_map(Edit::DropLine),
        2 => (index(), index()).prop_map(|(a, b)| Edit::SwapLines(a, b)),
        1 => (index(), index(), index()).prop_map(|(a, b, c)| Edit::TakeLine(a, b, c)),
    ]
}

/// What may stand where another token of the same kind stands.
fn kind(token: &str) -> u8 {
    let types = ["number", "unsigned", "float", "symbol"];
    let operators = ["+", "-", "*", "/", "%", "^", "band", "bor", "bxor", "bshl", "bshr", "min", "max"];
    let aggregates = ["count", "sum", "mean"];
    match token.chars().next() {
        _ if types.contains(&token) => 1,
        _ if operators.contains(&token) => 2,
        _ if aggregates.contains(&token) => 3,
        Some('"') => 4,
        Some('<' | '>' | '=' | '!') => 5,
        Some(c) if c.is_ascii_digit() => 6,
        Some(c) if c.is_alphabetic() && token.len() > 2 => 7,
        Some(c) if c.is_alphabetic() => 8,
        Some(c) if c.is_whitespace() => 9,
        _ => 10,
    }
}

fn edited(programs: &[Vec<String>], program: &Index, edits: &[Edit]) -> String {
    let mut text = program.get(programs).concat();
    for edit in edits {
        let mut tokens = tokens(&text);
        let solid: Vec<usize> = (0..tokens.len()).filter(|&at| kind(&tokens[at]) != 9).collect();
        let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
        if solid.is_empty() {
            break;
        }
        let line = |index: &Index| index.index(lines.len());
        match edit {
            Edit::Drop(a) => {
                tokens.remove(*a.get(&solid));
                text = tokens.concat();
            }
            Edit::Swap(a, b) => {
                tokens.swap(*a.get(&solid), *b.get(&solid));
                text = tokens.concat();
            }
            Edit::Write(a, word) => {
                tokens[*a.get(&solid)] = format!(" {word} ");
                text = tokens.concat();
            }
            Edit::Exchange(a, b) => {
                let at = *a.get(&solid);
                let like: Vec<&String> =
                    tokens.iter().filter(|token| kind(token) == kind(&tokens[at])).collect();
                tokens[at] = (*b.get(&like)).clone();
                text = tokens.concat();
            }
            Edit::DropLine(a) => {
                lines.remove(line(a));
                text = lines.concat();
            }
            Edit::SwapLines(a, b) => {
                let (a, b) = (line(a), line(b));
                lines.swap(a, b);
                text = lines.concat();
            }
            Edit::TakeLine(a, other, b) => {
                let other = other.get(programs).concat();
                let others: Vec<&str> = other.split_inclusive('\n').collect();
                lines.insert(line(a), b.get::<&str>(&others));
                text = lines.concat();
            }
        }
    }
    text
}

/// What a run says: what it prints, or which codes; nothing of one that a limit ended.
fn said(folder: &Path, jobs: usize) -> Option<Result<Vec<u8>, Vec<String>>> {
    let options = RunOptions {
        facts: folder.to_owned(),
        output: None,
        include: Vec::new(),
        wide: false,
        lenient: true,
        jobs,
        limits: Limits {
            rows: Some(100_000),
            rounds: Some(1_000),
            time: Some(Duration::from_secs(5)),
            memory: Some(256 << 20),
        },
        cancel: CancelToken::new(),
    };
    match souffle::run(&folder.join("prog.dl"), &options) {
        Ok(outcome) => Some(Ok(outcome.stdout)),
        Err(failure) => match &failure.error {
            Error::Limit(_) | Error::Cancelled => None,
            Error::Internal(fault) => panic!("{fault}"),
            Error::Invalid(_) | Error::Failed(_) => {
                let found = failure.error.diagnostics();
                assert!(!found.is_empty());
                for diagnostic in found {
                    if let Some(span) = diagnostic.span() {
                        let text = failure.sources.file(span.file).text().unwrap();
                        assert!(text.get(span.range()).is_some(), "{diagnostic:?}");
                    }
                }
                Some(Err(found.iter().map(|diagnostic| diagnostic.code.clone()).collect()))
            }
        },
    }
}

#[test]
fn changed_programs_end_well() {
    let programs = programs();
    let strategy = (any::<Index>(), proptest::collection::vec(edit(), 1..5));
    let config =
        Config { cases: cases(1_500), failure_persistence: None, max_shrink_iters: 300, ..Config::default() };
    let (mut well, mut refused) = (0, 0);
    let counted = std::cell::RefCell::new((&mut well, &mut refused));
    let tested = TestRunner::new(config).run(&strategy, |(program, edits)| {
        let text = edited(&programs, &program, &edits);
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("prog.dl"), &text).unwrap();
        let started = Instant::now();
        let one = fault::catch(|| said(folder.path(), 1));
        prop_assert!(started.elapsed() < Duration::from_secs(30), "{:?} for\n{text}", started.elapsed());
        let Ok(one) = one else {
            return Err(TestCaseError::fail(format!("{}\n{text}", one.unwrap_err())));
        };
        let two = fault::catch(|| said(folder.path(), 2));
        prop_assert!(two.is_ok(), "with two threads: {}\n{text}", two.unwrap_err());
        if let (Some(one), Ok(Some(two))) = (&one, &two) {
            prop_assert_eq!(one, two, "{}", text);
        }
        let mut counted = counted.borrow_mut();
        match one {
            Some(Ok(_)) => *counted.0 += 1,
            Some(Err(_)) => *counted.1 += 1,
            None => {}
        }
        Ok(())
    });
    tested.unwrap_or_else(|failure| panic!("{failure}"));
    // Both kinds come up, so that it is more than the parser that was tried.
    assert!(well * 20 > refused && refused * 20 > well, "{well} ran, {refused} were refused");
}
