//! Questions that a reader of the five reports asks, with answers worked out by hand from the
//! reports: the shipped base must give exactly these.

use std::path::Path;

use factlog::render::{AnswerFormat, AnswerStyle, write_answer};
use factlog::session::{Options, Session};
use serde::Deserialize;

#[derive(Deserialize)]
struct Question {
    id: String,
    #[allow(dead_code)] // For the reader of the file.
    question: String,
    query: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

fn questions(name: &str) -> Vec<Question> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/questions").join(name);
    ron::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn base() -> Session {
    let session = Session::open(Some(Path::new(env!("CARGO_MANIFEST_DIR"))), Options::default());
    let session = session.map_err(|(diagnostic, _)| diagnostic).unwrap();
    assert_eq!(session.broken(), [], "the shipped base loads");
    session
}

/// The answer as `query -f csv` prints it, parsed again.
fn answer(session: &mut Session, query: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let (answer, warnings) = session.query(query).unwrap_or_else(|error| panic!("{query}: {error:?}"));
    assert_eq!(warnings, [], "{query}");
    let mut text = Vec::new();
    write_answer(&mut text, &answer, AnswerFormat::Csv, AnswerStyle::default()).unwrap();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_slice());
    let mut lines = reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect());
    if answer.ground {
        return (Vec::new(), lines.collect());
    }
    (lines.next().unwrap(), lines.collect())
}

fn all_agree(name: &str) {
    let mut session = base();
    let mut wrong = Vec::new();
    let questions = questions(name);
    assert!(!questions.is_empty());
    for question in &questions {
        let (columns, rows) = answer(&mut session, &question.query);
        if columns != question.columns || rows != question.rows {
            wrong.push(format!(
                "{}: {}\n  expected {:?} {:#?}\n  found    {:?} {:#?}",
                question.id, question.query, question.columns, question.rows, columns, rows
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), questions.len(), wrong.join("\n"));
}

#[test]
fn the_sample_of_questions() {
    all_agree("sample.ron");
}

#[test]
fn more_questions() {
    all_agree("more.ron");
}

#[test]
fn scenarios() {
    all_agree("scenarios.ron");
}
