//! What is exported is imported again: for every format that the build knows, every type of
//! column, and values that are hard on formats. Compressed, too, and on one thread and on three.

use std::collections::BTreeMap;
use std::io::Cursor;

use factlog::base::{Budget, FileId, Span};
use factlog::interop::delimited::Extra;
use factlog::interop::mapping::{Mapped, Mapping};
use factlog::interop::{self, Compression, Format, Matching, Request, Text, Written};
use factlog::model::{Assertion, Date, Fact, Value};
use factlog::session::{Exported, Import, Imported, Options, Origin, Session};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

const SCHEMA: &str = "\
.enum Role = Host | Guest
.decl Full(s: symbol, n: number, f: float, b: bool, d: date, e: Role, l: [symbol], m: [number])
.decl Open(s: symbol?, n: number?, f: float?, b: bool?, d: date?, e: Role?, l: [date]?, m: [[float]]?)
.decl One(s: symbol?)
.decl Keyed(id: Keyed, to: Keyed?, n: number) key(id)
";

fn cases() -> u32 {
    std::env::var("FACTLOG_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(64)
}

fn text() -> impl Strategy<Value = String> {
    let hard = [
        "",
        " ",
        "a",
        "nil",
        "NaN",
        "null",
        "None",
        "\"",
        "\"\"",
        "'",
        "a,b",
        "a:",
        ":",
        "a\tb",
        ";",
        "|",
        "\n",
        "\r",
        "\r\n",
        "line\nline",
        "\"q\",\"r\"\n",
        "\\",
        "\\n",
        "\u{1b}[31m",
        "\u{7f}\u{9b}",
        "\u{202e}x",
        "\u{2028}",
        "é",
        "漢字",
        "😀",
        "a\u{301}",
        "[1, 2]",
        "{\"k\": 1}",
        "d\"2023\"",
        "1.5",
        "true",
        "#",
        "%41",
        "a b/c?d#e:f@g",
        "-",
        "\u{feff}",
        "_:x",
        "<x>",
        "$$",
    ];
    prop_oneof![
        3 => prop::sample::select(hard.to_vec()).prop_map(str::to_owned),
        1 => "[a-z]{1,8}",
        1 => any::<String>().prop_map(|text| text.replace('\0', "")),
    ]
}

fn number() -> impl Strategy<Value = i64> {
    prop_oneof![
        any::<i64>(),
        -10_i64..10,
        prop::sample::select(vec![i64::MIN, i64::MAX, 1 << 30, -(1 << 30) - 1, 1 << 53, (1 << 53) + 1])
    ]
}

fn float() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        prop::sample::select(vec![
            0.0,
            -0.0,
            1.0,
            0.1,
            1e300,
            5e-324,
            1e15,
            1e16,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN
        ])
    ]
}

fn date() -> impl Strategy<Value = Value> {
    let dates = [
        "2023",
        "2023-05",
        "2023-05-18",
        "0001-01-01",
        "-0044-03-15",
        "2023~",
        "2023-05?",
        "2023-05-18%",
        "2023/2024",
        "2023-05/..",
        "../2023",
        "202X",
        "2023-21",
    ];
    prop::sample::select(dates.to_vec()).prop_map(|text| Value::Date(Date::parse(text).unwrap()))
}

fn symbol() -> impl Strategy<Value = Value> {
    text().prop_map(Value::symbol)
}

fn list(item: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop::collection::vec(item, 0..4).prop_map(Value::list)
}

fn optional(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop_oneof![1 => Just(Value::Nil), 3 => value]
}

/// Rows of each relation of the schema; roles are given by number.
#[derive(Clone, Debug)]
struct Rows {
    full: Vec<Vec<Value>>,
    open: Vec<Vec<Value>>,
    one: Vec<Vec<Value>>,
    keyed: Vec<Vec<Value>>,
}

fn rows(roles: &[Value]) -> impl Strategy<Value = Rows> {
    let role = prop::sample::select(roles.to_vec());
    let num = || number().prop_map(Value::Number);
    let flt = || float().prop_map(Value::float);
    let boolean = || any::<bool>().prop_map(Value::Bool);
    let full = (symbol(), num(), flt(), boolean(), date(), role.clone(), list(symbol()), list(num()))
        .prop_map(|(s, n, f, b, d, e, l, m)| vec![s, n, f, b, d, e, l, m]);
    let open = (
        optional(symbol()),
        optional(num()),
        optional(flt()),
        optional(boolean()),
        optional(date()),
        optional(role),
        optional(list(date())),
        optional(list(list(flt()))),
    )
        .prop_map(|(s, n, f, b, d, e, l, m)| vec![s, n, f, b, d, e, l, m]);
    let keyed = prop::collection::btree_map(text(), (optional(symbol()), num()), 0..6).prop_map(|rows| {
        rows.into_iter().map(|(id, (to, n))| vec![Value::symbol(id), to, n]).collect::<Vec<_>>()
    });
    let vec = |row| prop::collection::vec(row, 0..8);
    (vec(full.boxed()), vec(open.boxed()), vec(optional(symbol()).prop_map(|s| vec![s]).boxed()), keyed)
        .prop_map(|(full, open, one, keyed)| Rows { full, open, one, keyed })
}

fn session() -> Session {
    let mut session = Session::empty(Options::default());
    session.define(SCHEMA).unwrap();
    session
}

fn state(session: &mut Session, relation: &str, rows: &[Vec<Value>]) {
    let predicate = session.schema().find(relation).unwrap();
    let assertion = Assertion::background(Span::new(FileId(0), 0, 0));
    let fact = |tuple: &Vec<Value>| Fact { predicate, tuple: tuple.clone(), assertion: assertion.clone() };
    session.assert_facts(rows.iter().map(fact).collect()).unwrap();
}

/// How a round trip is made.
#[derive(Clone, Debug)]
struct Way {
    format: Format,
    compression: Compression,
    delimiter: Option<&'static str>,
    header: bool,
    jobs: usize,
    mapping: Option<Mapping>,
}

fn packed(session: &Session, exported: &Exported, way: &Way) -> Vec<u8> {
    let budget = Budget::unlimited();
    let written = Written {
        relation: &exported.relation,
        columns: &exported.columns,
        len: exported.len,
        rows: &|range, words| range.for_each(|at| words.extend_from_slice(exported.row(at))),
        interner: session.interner(),
        text: Text { delimiter: way.delimiter, quoting: None },
        mapping: way.mapping.as_ref(),
        header: way.header,
        jobs: way.jobs,
        budget: &budget,
    };
    let mut file = Vec::new();
    #[cfg(feature = "sqlite")]
    if way.format == Format::Sqlite {
        return interop::sqlite::write(&[written]).unwrap();
    }
    way.compression.pack(&mut file, |out| interop::write(way.format, out, &written)).unwrap();
    file
}

fn unpacked(session: &mut Session, relation: &str, file: Vec<u8>, way: &Way) -> Imported {
    let budget = Budget::unlimited();
    let request = Request {
        columns: &[],
        matching: if way.header { Matching::Names } else { Matching::Order },
        text: Text { delimiter: way.delimiter, quoting: None },
        extra: Extra::Refuse,
        table: "",
        mapping: way.mapping.as_ref(),
        places: false,
        max_mistakes: 5,
        jobs: way.jobs,
        size: None,
        budget: &budget,
        progress: &|_| {},
    };
    let import = Import { relation, name: "file", format: way.format, fields: &[], src: None, request };
    let on_disk = tempfile::NamedTempFile::new().unwrap();
    let origin = if way.format == Format::Sqlite {
        std::fs::write(on_disk.path(), file).unwrap();
        Origin::File(on_disk.path())
    } else {
        Origin::Stream(way.compression.unpack(Box::new(Cursor::new(file))).unwrap())
    };
    session.import(origin, &import).unwrap_or_else(|error| panic!("{way:?} {relation}: {error:?}"))
}

fn check(rows: &Rows, ways: &[Way]) -> Result<(), TestCaseError> {
    let mut session = session();
    for (relation, rows) in
        [("Full", &rows.full), ("Open", &rows.open), ("One", &rows.one), ("Keyed", &rows.keyed)]
    {
        state(&mut session, relation, rows);
        let exported = session.export(&[relation.to_owned()]).unwrap().remove(0);
        let mut expected: Vec<Vec<Value>> = rows.clone();
        expected.sort();
        expected.dedup();
        prop_assert_eq!(exported.len, expected.len());
        for way in ways {
            let file = packed(&session, &exported, way);
            let shown = String::from_utf8_lossy(&file).into_owned();
            let imported = unpacked(&mut session, relation, file, way);
            let mut back: Vec<Vec<Value>> = (0..imported.len()).map(|at| imported.fact(at).tuple).collect();
            // A set of nodes has no order; elsewhere the order is part of what is promised.
            if matches!(way.format, Format::Nt | Format::Ttl) {
                back.sort();
            }
            prop_assert_eq!(&back, &expected, "{:?} {}\n{}", way, relation, shown);
        }
    }
    Ok(())
}

fn property(ways: &[Way]) {
    let roles = {
        let mut session = session();
        session.define("R(\"x\", Host). R(\"x\", Guest).").unwrap();
        let (answer, _) = session.query("R(_, e)").unwrap();
        answer.rows.into_iter().flatten().collect::<Vec<_>>()
    };
    let config = Config { cases: cases(), failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&rows(&roles), |rows| check(&rows, ways))
        .unwrap_or_else(|error| panic!("{error}"));
}

fn way(format: Format) -> Way {
    let compression = Compression::None;
    Way { format, compression, delimiter: None, header: true, jobs: 1, mapping: None }
}

#[test]
fn csv_and_tsv() {
    let delimited = |format, delimiter, header, jobs| Way { delimiter, header, jobs, ..way(format) };
    property(&[
        way(Format::Csv),
        delimited(Format::Tsv, None, true, 3),
        delimited(Format::Csv, Some(";"), false, 1),
        delimited(Format::Csv, Some("é|"), true, 2),
        delimited(Format::Csv, Some("::"), true, 1),
    ]);
}

#[test]
fn json_and_json_lines() {
    property(&[way(Format::Json), way(Format::Jsonl)]);
}

#[test]
fn compressed() {
    let mut ways = vec![Way { compression: Compression::Gzip, ..way(Format::Csv) }];
    if cfg!(feature = "zstd") {
        ways.push(Way { compression: Compression::Zstd, ..way(Format::Jsonl) });
    }
    property(&ways);
}

#[cfg(feature = "parquet")]
#[test]
fn parquet() {
    property(&[way(Format::Parquet)]);
}

#[cfg(feature = "sqlite")]
#[test]
fn sqlite() {
    property(&[way(Format::Sqlite)]);
}

#[cfg(feature = "rdf")]
#[test]
fn rdf() {
    let mapped = Mapped {
        subject: Some("id".to_owned()),
        base: "ex:k/".to_owned(),
        columns: BTreeMap::from([("n".to_owned(), "ex:size".to_owned())]),
        links: BTreeMap::from([("to".to_owned(), "ex:k/".to_owned())]),
        class: None,
    };
    let plain = || Mapped::default();
    let mapping = Mapping {
        prefixes: BTreeMap::from([("ex".to_owned(), "http://example.org/".to_owned())]),
        relations: BTreeMap::from([
            ("Keyed".to_owned(), mapped),
            ("Full".to_owned(), plain()),
            ("Open".to_owned(), plain()),
            ("One".to_owned(), plain()),
        ]),
    };
    let mapped = |format| Way { mapping: Some(mapping.clone()), ..way(format) };
    property(&[way(Format::Nt), way(Format::Ttl), mapped(Format::Nt), mapped(Format::Ttl)]);
}

#[test]
fn the_mapping_is_known_without_rdf_too() {
    assert!(Mapping::parse("(relations: {\"A\": (class: \"\")})").is_ok());
    let unknown: BTreeMap<String, Mapped> = BTreeMap::new();
    assert!(Mapping { relations: unknown, ..Mapping::default() }.relations.is_empty());
}
