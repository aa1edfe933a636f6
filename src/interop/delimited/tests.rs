//! Reading and writing, whole.

use std::fmt::Write as _;

use super::threads::read_in_blocks;
use super::*;
use crate::base::codes::project::BAD_INPUT;
use crate::base::{Budget, CancelToken, Limits, SourceMap};
use crate::model::Date;
use crate::storage::Interner;

const SYMBOL: Kind<'_> = Kind::Symbol;

fn columns<'c>(kinds: &[(Kind<'c>, bool)]) -> Vec<Column<'c>> {
    let column = |(at, (kind, optional)): (usize, &(Kind<'c>, bool))| Column {
        name: ["a", "b", "c", "d", "e"][at],
        kind: *kind,
        optional: *optional,
        field: Field::At(at),
    };
    kinds.iter().enumerate().map(column).collect()
}

fn reading<'r>(columns: &'r [Column<'r>], options: &'r Options, budget: &'r Budget) -> Reading<'r> {
    Reading { columns, options, jobs: 1, size: None, budget, progress: &|_| {} }
}

/// The rows as text, with the size of blocks and the number of threads varied, which must change
/// nothing: neither rows nor words nor mistakes.
fn read_all(text: &[u8], columns: &[Column<'_>], options: &Options) -> Result<Vec<String>, Vec<String>> {
    let budget = Budget::unlimited();
    let mut first: Option<(Rows, Result<Vec<String>, Vec<String>>)> = None;
    for (jobs, size) in [(1, 1 << 20), (1, 7), (2, 1), (3, 16), (2, 100)] {
        let mut interner = Interner::new();
        let reading = Reading { jobs, ..reading(columns, options, &budget) };
        let (rows, shown) = match read_in_blocks(text, &reading, &mut interner, size) {
            Ok(rows) => {
                let width = columns.len().max(1);
                assert_eq!(rows.words.len(), rows.len * columns.len());
                let row = |row: &[Word]| {
                    row.iter().map(|word| interner.value(*word).to_string()).collect::<Vec<_>>().join(" ")
                };
                let shown = rows.words.chunks(width).map(row).collect();
                (rows, Ok(shown))
            }
            Err(ReadError::Mistakes { found, more }) => {
                let mut sources = SourceMap::new();
                let told = diagnostics(BAD_INPUT, "f", &found, more, &mut sources);
                let told = told.iter().map(|diagnostic| {
                    let span = diagnostic.span().unwrap();
                    let notes = if diagnostic.notes.is_empty() { "" } else { " …" };
                    let text = sources.text(span);
                    format!("{} [{text}] {}{notes}", sources.place(span), diagnostic.message)
                });
                (Rows::default(), Err(told.collect()))
            }
            Err(other) => panic!("{other:?}"),
        };
        match &first {
            None => first = Some((rows, shown)),
            Some(first) => assert_eq!(*first, (rows, shown), "{jobs} threads, blocks of {size}"),
        }
    }
    first.unwrap().1
}

fn rfc4180() -> Options {
    Options { delimiter: ",".to_owned(), quoting: Quoting::Rfc4180, ..Options::default() }
}

#[test]
fn plain_rows_of_every_kind() {
    let date = |text: &str| Date::parse(text).map(Value::Date).map_err(|why| format!("is no date: {why}"));
    let columns = columns(&[
        (Kind::NUMBER, false),
        (SYMBOL, false),
        (Kind::Float { lenient: false }, true),
        (Kind::Other(&date), true),
    ]);
    let text =
        "1\tone\t1.5\t2023-05\r\n-2000000000000\tä \"b\"\t\t2023~\n\n+3\t\tNaN\t\n 4 \tone\t-inf\t2023-05";
    assert_eq!(
        read_all(text.as_bytes(), &columns, &Options::default()).unwrap(),
        [
            "1 \"one\" 1.5 d\"2023-05\"",
            "-2000000000000 \"ä \\\"b\\\"\" nil d\"2023~\"",
            "3 \"\" NaN nil",
            "4 \"one\" -inf d\"2023-05\"",
        ]
    );
}

#[test]
fn quoted_fields_hold_anything() {
    let columns = columns(&[(SYMBOL, true), (Kind::NUMBER, true), (SYMBOL, true)]);
    let text = "\"a,b\",1,\"say \"\"hi\"\"\"\r\n\"two\nlines\",\"2\",\n\"\",,x\n";
    assert_eq!(
        read_all(text.as_bytes(), &columns, &rfc4180()).unwrap(),
        ["\"a,b\" 1 \"say \\\"hi\\\"\"", "\"two\\nlines\" 2 nil", "\"\" nil \"x\""]
    );
}

#[test]
fn long_delimiters_brackets_and_further_fields() {
    let columns = columns(&[(Kind::NUMBER, false), (SYMBOL, false)]);
    let options = Options { delimiter: "::".to_owned(), ..Options::default() };
    assert_eq!(read_all(b"1::a:b\n2::\n", &columns, &options).unwrap(), ["1 \"a:b\"", "2 \"\""]);
    let options = Options { delimiter: ", ".to_owned(), brackets: true, extra: Extra::Ignore, ..options };
    assert_eq!(
        read_all(b"1, [a, [b, c]], x\n2, d, e, f\n", &columns, &options).unwrap(),
        ["1 \"[a, [b, c]]\"", "2 \"d\""]
    );
}

#[test]
fn headers_name_fields_in_any_order() {
    let mut columns = columns(&[(Kind::NUMBER, false), (SYMBOL, true), (SYMBOL, true)]);
    columns[0].field = Field::Named("n");
    columns[1].field = Field::Named("the text");
    columns[2].field = Field::NamedOr("absent", NIL);
    let options = Options { header: Header::Names, ..rfc4180() };
    let text = "\u{feff}\"the text\",n\nx,1\n,2\n";
    assert_eq!(read_all(text.as_bytes(), &columns, &options).unwrap(), ["1 \"x\" nil", "2 nil nil"]);
    assert_eq!(
        read_all(b"nn,the text,more\nx,1\n", &columns, &options).unwrap_err(),
        [
            "f:1:1 [nn,the text,more] no field is called `n` (did you mean `nn`?)",
            "f:1:1 [nn,the text,more] no column is called `nn`",
            "f:1:1 [nn,the text,more] no column is called `more`"
        ]
    );
    let ignoring = Options { extra: Extra::Ignore, ..options.clone() };
    assert_eq!(read_all(b"n,x,the text\n1,2,3\n", &columns, &ignoring).unwrap(), ["1 \"3\" nil"]);
    assert!(read_all(b"", &columns, &options).unwrap_err()[0].contains("a header is due"));
    assert!(read_all(b"n,n,the text\n", &columns, &options).unwrap_err()[0].contains("two fields"));
    let utf16: Vec<u8> = "\u{feff}n,the text\n1,x\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mistakes = read_all(&utf16, &columns, &options).unwrap_err();
    assert_eq!(mistakes.len(), 1);
    assert!(mistakes[0].contains("not UTF-8: a wrong byte at offset 0"), "{mistakes:?}");
    columns[0].field = Field::At(1);
    columns[1].field = Field::At(0);
    let skip = Options { header: Header::Skip, ..options };
    assert_eq!(read_all(b"a,b\nx,1", &columns, &skip).unwrap(), ["1 \"x\" nil"]);
}

#[test]
fn what_fields_do_not_say_is_the_same_on_every_thread() {
    let budget = Budget::unlimited();
    let mut columns = columns(&[(SYMBOL, false), (SYMBOL, false)]);
    for jobs in [1, 3] {
        let mut interner = Interner::new();
        interner.symbol("something else");
        let fixed = interner.symbol("fixed");
        columns[1].field = Field::Fixed(fixed);
        let options = Options::default();
        let reading = Reading { jobs, ..reading(&columns, &options, &budget) };
        let rows = read_in_blocks(&b"x\ny\nx\n"[..], &reading, &mut interner, 2).unwrap();
        let shown: Vec<&str> = rows.words.iter().filter_map(|word| interner.symbol_text(*word)).collect();
        assert_eq!(shown, ["x", "fixed", "y", "fixed", "x", "fixed"]);
    }
}

#[test]
fn every_mistake_has_its_place() {
    let columns = columns(&[(Kind::NUMBER32, false), (SYMBOL, false), (Kind::UNSIGNED32, false)]);
    let text = "1\tx\t0x1f\nä\ty\t-1\n\n2\tz\n3\ta\t4\t5\n3000000000\tb\t1\nx\n";
    assert_eq!(
        read_all(text.as_bytes(), &columns, &Options::default()).unwrap_err(),
        [
            "f:2:1 [ä] column `a`: `ä` is no whole number",
            "f:2:5 [-1] column `c`: `-1` is not from 0 to 4294967295",
            "f:4:1 [2\tz] this record has 2 fields, expected 3",
            "f:5:1 [3\ta\t4\t5] this record has 4 fields, expected 3",
            "f:6:1 [3000000000] column `a`: `3000000000` is not from -2147483648 to 2147483647",
            "f:7:1 [x] column `a`: `x` is no whole number",
            "f:7:1 [x] this record has 1 field, expected 3",
        ]
    );
}

#[test]
fn mistakes_are_limited_and_it_is_said() {
    let columns = columns(&[(Kind::NUMBER, false)]);
    let options = Options { max_mistakes: 2, ..Options::default() };
    let told = read_all(b"x\n1\ny\nz\n", &columns, &options).unwrap_err();
    assert_eq!(
        told,
        ["f:1:1 [x] column `a`: `x` is no whole number", "f:3:1 [y] column `a`: `y` is no whole number …"]
    );
    assert_eq!(read_all(b"x\ny\n", &columns, &options).unwrap_err().len(), 2);
}

#[test]
fn quotes_that_do_not_fit_end_the_reading() {
    let columns = columns(&[(SYMBOL, false), (SYMBOL, false)]);
    for (text, told) in [
        ("a,b\nc\"d,e\nf,\"g\"\n", "f:2:2 [\"] a quote stands inside a field that does not begin with one"),
        ("a,b\n\"c\"d,e\n", "f:2:4 [d] something stands behind the closing quote of a field"),
        ("a,b\n\"c,d\ne,f\n", "f:2:1 [\"] this quote is never closed"),
    ] {
        let found = read_all(text.as_bytes(), &columns, &rfc4180()).unwrap_err();
        assert_eq!(found, [format!("{told} …")]);
    }
}

#[test]
fn only_utf8_is_text() {
    let columns = columns(&[(SYMBOL, false)]);
    let told = read_all(b"a\nb\xffc\nd\n", &columns, &Options::default()).unwrap_err();
    assert_eq!(told, ["f:2:2 [\u{fffd}] the text is not UTF-8: a wrong byte at offset 3"]);
}

#[test]
fn rows_without_columns() {
    let budget = Budget::unlimited();
    let options = Options::default();
    let reading = reading(&[], &options, &budget);
    let rows = read(&b"()\n()\n"[..], &reading, &mut Interner::new()).unwrap();
    assert_eq!((rows.len, rows.words.len()), (2, 0));
    assert!(read(&b"(x)\n"[..], &reading, &mut Interner::new()).is_err());
}

#[test]
fn places_are_the_bytes_of_the_records() {
    let columns = columns(&[(SYMBOL, false)]);
    let options = Options { places: true, ..rfc4180() };
    let budget = Budget::unlimited();
    let text = "\u{feff}ab\r\n\n\"c\nd\"\ne";
    let rows = read(text.as_bytes(), &reading(&columns, &options, &budget), &mut Interner::new()).unwrap();
    let shown: Vec<&str> =
        rows.places.iter().map(|(start, end)| &text[*start as usize..*end as usize]).collect();
    assert_eq!(shown, ["ab", "\"c\nd\"", "e"]);
}

#[test]
fn words_do_not_depend_on_threads() {
    let columns = columns(&[(SYMBOL, false), (Kind::NUMBER, false)]);
    let mut text = String::new();
    for i in 0..5_000_u64 {
        let _ = writeln!(text, "s{}\t{}", i * 7919 % 1_000, i * 1_000_003 % 5_000_000_000);
    }
    let budget = Budget::unlimited();
    let options = Options::default();
    let mut results = Vec::new();
    for jobs in [1, 2, 4] {
        let mut interner = Interner::new();
        interner.symbol("s500");
        let reading = Reading { jobs, ..reading(&columns, &options, &budget) };
        let rows = read_in_blocks(text.as_bytes(), &reading, &mut interner, 1_000).unwrap();
        assert_eq!(rows.len, 5_000);
        results.push((rows, interner.len()));
    }
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn a_cancelled_reading_stops() {
    let cancel = CancelToken::new();
    cancel.cancel();
    let budget = Budget::new(Limits::none(), cancel);
    let columns = columns(&[(Kind::NUMBER, false)]);
    let options = Options::default();
    for jobs in [1, 2] {
        let reading = Reading { jobs, ..reading(&columns, &options, &budget) };
        let stopped = read(&b"1\n"[..], &reading, &mut Interner::new());
        assert!(matches!(stopped, Err(ReadError::Stopped(crate::base::Stop::Cancelled))));
    }
}

#[test]
fn a_column_that_panics_takes_all_threads_along() {
    let bad = |text: &str| if text == "9" { panic!("on purpose") } else { Ok(Value::Nil) };
    let columns = columns(&[(Kind::Other(&bad), false)]);
    let text: String = (0..100).map(|i| format!("{}\n", i % 10)).collect();
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let budget = Budget::unlimited();
        let options = Options::default();
        let reading = Reading { jobs: 3, ..reading(&columns, &options, &budget) };
        read_in_blocks(text.as_bytes(), &reading, &mut Interner::new(), 4).is_ok()
    }));
    assert!(caught.is_err());
}

fn written(rows: &[Word], width: usize, interner: &Interner, delimiter: &str, quoting: Quoting) -> Vec<u8> {
    let cells = vec![Cell::Plain; width];
    let budget = Budget::unlimited();
    let fill = |range: std::ops::Range<usize>, words: &mut Vec<Word>| {
        words.extend_from_slice(&rows[range.start * width..range.end * width]);
    };
    let len = rows.len() / width;
    let mut results = [1, 3].map(|jobs| {
        let mut out = Vec::new();
        let writing =
            Writing { cells: &cells, len, rows: &fill, interner, delimiter, quoting, jobs, budget: &budget };
        write(&mut out, &writing).unwrap();
        out
    });
    assert!(results[0] == results[1]);
    std::mem::take(&mut results[0])
}

#[test]
fn what_is_written_is_read_again() {
    let mut interner = Interner::new();
    let texts = ["", "a", "a,b", "\"", "x\"y\"", "two\nlines", "\r", "tab\tbed", " é ", "NaN", "()"];
    let mut words = Vec::new();
    for i in 0..40_000_usize {
        let text = texts[i % texts.len()];
        words.push(if i % 13 == 0 { NIL } else { interner.symbol(text) });
        words.push(interner.number((i as i64 - 20_000) * if i % 3 == 0 { 1 << 40 } else { 1 }));
        words.push(interner.float(crate::model::Float::new(match i % 4 {
            0 => f64::NAN,
            1 => f64::NEG_INFINITY,
            _ => i as f64 / 7.0,
        })));
    }
    let columns = columns(&[(SYMBOL, true), (Kind::NUMBER, false), (Kind::Float { lenient: false }, false)]);
    let budget = Budget::unlimited();
    for delimiter in [",", "\t", "||"] {
        let text = written(&words, 3, &interner, delimiter, Quoting::Rfc4180);
        let options = Options { delimiter: delimiter.to_owned(), ..rfc4180() };
        let reading = Reading { jobs: 2, ..reading(&columns, &options, &budget) };
        let rows = read(&text[..], &reading, &mut interner).unwrap();
        assert!(rows.words == words, "{delimiter}");
    }
    let one = [NIL, interner.symbol(""), interner.symbol("x")];
    let text = written(&one, 1, &interner, ",", Quoting::Rfc4180);
    assert_eq!(text, b"\n\"\"\nx\n");
    let rows = read(&text[..], &reading(&columns[..1], &rfc4180(), &budget), &mut interner).unwrap();
    assert_eq!(rows.words, one);
}

#[test]
fn a_writer_that_fails_ends_the_writing() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let budget = Budget::unlimited();
    let interner = Interner::new();
    let writing = Writing {
        cells: &[Cell::Plain],
        len: 1_000_000,
        rows: &|range, words| words.extend(range.map(|_| NIL)),
        interner: &interner,
        delimiter: ",",
        quoting: Quoting::None,
        jobs: 3,
        budget: &budget,
    };
    assert!(matches!(write(&mut Full, &writing), Err(WriteError::Io(_))));
}
