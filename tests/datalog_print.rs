//! What the printer writes reads back as the same tree, and the normal form of a file keeps every
//! comment and is its own normal form.

mod datalog_gen;

use datalog_gen::{cases, program, strip_spans};
use factlog::base::FileId;
use factlog::syntax::datalog::print::{format_program, item_text};
use factlog::syntax::datalog::{lex, parse_program};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

const FILE: FileId = FileId(0);

/// `text` with other white space and comments between its tokens.
fn scattered(text: &str, gaps: &[u8]) -> String {
    let lexed = lex(FILE, text);
    let mut out = String::new();
    let touches = |i: usize| {
        let pair = lexed.tokens.get(i).zip(lexed.tokens.get(i + 1));
        pair.is_some_and(|(one, two)| one.span.end == two.span.start)
    };
    // The dots of qualified names need their neighbours.
    let joins =
        |i: usize| i > 0 && &text[lexed.tokens[i].span.range()] == "." && touches(i - 1) && touches(i);
    for (i, token) in lexed.tokens.iter().enumerate() {
        let gap = if joins(i) || (i > 0 && joins(i - 1)) { 99 } else { gaps[i % gaps.len()] };
        out.push_str(match gap {
            99 => "",
            0..=5 => " ",
            6..=8 => "\n",
            9 => "\n\n\n",
            10 => "\r\n    ",
            11 => " // one  \n",
            12 => "\n// two\n",
            13 => " /* three */ ",
            14 => "\n  /* four\n   four */\n",
            15 => "\n\n// five\r// six\n\n",
            16 => " /* seven */ // eight\n",
            _ => "  ",
        });
        out.push_str(&text[token.span.range()]);
    }
    out
}

fn comments(text: &str) -> Vec<String> {
    let lexed = lex(FILE, text);
    let mut comments: Vec<String> =
        lexed.comments.iter().map(|comment| text[comment.span.range()].trim_end().to_owned()).collect();
    comments.sort();
    comments
}

#[test]
fn printing_and_parsing_are_inverse() {
    let mut runner =
        TestRunner::new(Config { cases: cases(10_000), failure_persistence: None, ..Config::default() });
    let result = runner.run(&program(), |program| {
        let text: String = program.items.iter().map(|item| item_text(item) + "\n").collect();
        let (read, diagnostics) = parse_program(FILE, &text);
        prop_assert!(diagnostics.is_empty(), "{text}\n{:#?}", diagnostics.first());
        prop_assert_eq!(strip_spans(&read), strip_spans(&program), "{}", text);
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn the_normal_form_keeps_trees_and_comments_and_is_its_own() {
    let gaps = prop::collection::vec(0..24u8, 1..60);
    let mut runner =
        TestRunner::new(Config { cases: cases(3_000), failure_persistence: None, ..Config::default() });
    let result = runner.run(&(program(), gaps), |(program, gaps)| {
        let plain: String = program.items.iter().map(|item| item_text(item) + "\n").collect();
        let text = scattered(&plain, &gaps);
        let formatted = format_program(FILE, &text);
        let first = formatted.as_ref().err().and_then(|diagnostics| diagnostics.first());
        prop_assert!(formatted.is_ok(), "{}\n{:#?}", text, first);
        let formatted = formatted.unwrap();
        let (read, _) = parse_program(FILE, &formatted);
        prop_assert_eq!(strip_spans(&read), strip_spans(&program), "{}\n----\n{}", text, formatted);
        prop_assert_eq!(comments(&formatted), comments(&text), "{}\n----\n{}", text, formatted);
        let again = format_program(FILE, &formatted).unwrap();
        prop_assert_eq!(&again, &formatted, "{}", text);
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
}

fn formatted(text: &str) -> String {
    format_program(FILE, text).unwrap()
}

#[test]
fn short_clauses_stand_on_one_line() {
    assert_eq!(
        formatted("A( x,y ):-B(x ,y),x<0x10  ;  not  C( a:x , b: ) .\n"),
        "A(x, y) :- B(x, y), x < 16 ; !C(a: x, b:).\n"
    );
    assert_eq!(formatted(""), "");
    assert_eq!(formatted("\u{feff}\r\n\n"), "");
    assert_eq!(formatted("// only\r\n"), "// only\n");
}

#[test]
fn longer_clauses_have_their_body_on_the_next_line() {
    let text = "deny two \"{p}: {h} and {i} both hold it on {d}\" :- Office(holder: h, post: p), Office(holder: i, post: p), h != i.\n";
    let expected = "\
deny two \"{p}: {h} and {i} both hold it on {d}\" :-
    Office(holder: h, post: p), Office(holder: i, post: p), h != i.
";
    assert_eq!(formatted(text), expected);
}

#[test]
fn long_clauses_have_a_literal_a_line() {
    let text = "Met(a: x, b: y) :- Attended(leader: x, summit: s), Attended(leader: y, summit: s), x < y, !Absent(leader: x, summit: s), !Absent(leader: y, summit: s).\n";
    let expected = "\
Met(a: x, b: y) :-
    Attended(leader: x, summit: s),
    Attended(leader: y, summit: s),
    x < y,
    !Absent(leader: x, summit: s),
    !Absent(leader: y, summit: s).
";
    assert_eq!(formatted(text), expected);
    let text = "?- under (as_of: d\"2025-10-28\") Attended(leader: l, summit: s), EventDate(event: s, date: d), d < d\"2025-10-28\", Country(id: c, leader: l) order by l limit 3.\n";
    let expected = "\
?- under (as_of: d\"2025-10-28\")
    Attended(leader: l, summit: s),
    EventDate(event: s, date: d),
    d < d\"2025-10-28\",
    Country(id: c, leader: l)
    order by l limit 3.
";
    assert_eq!(formatted(text), expected);
}

#[test]
fn comments_and_groups_stay() {
    let text = "\
// The head of the file.



.decl A(
  x: number, // the first
  y : symbol? // the second
) key( x )
@label( \"{x}\" )
// why
A(x, y) :- // a rule
  B(x), // from b
  // and c
  C(y) // last
  .
D(1). /* tail */ E(2).


// end
";
    let expected = "\
// The head of the file.

.decl A(
    x: number, // the first
    y: symbol?, // the second
) key(x)
@label(\"{x}\")
// why
A(x, y) :- // a rule
    B(x), // from b
    // and c
    C(y). // last
D(1). /* tail */
E(2).

// end
";
    assert_eq!(formatted(text), expected);
    assert_eq!(formatted(expected), expected);
}

#[test]
fn brackets_stand_where_operators_need_them() {
    let text = "A(x) :- x = (a + b) * c - (d - e), y = (-3) ^ 2, z = -3 ^ 2, w = (2 ^ 3) ^ 4, v = ((a)) - (b - 1).\n";
    let expected =
        "A(x) :- x = (a + b) * c - (d - e), y = (-3) ^ 2, z = -3 ^ 2, w = (2 ^ 3) ^ 4, v = a - (b - 1).\n";
    assert_eq!(formatted(text), expected);
}

#[test]
fn what_the_language_does_not_have_stays_as_written() {
    let text = ".functor  f(x:number)\n.comp G  {\n  .pragma \"a\"\n}\nA(1). // c\n";
    assert_eq!(formatted(text), text);
}

#[test]
fn components_have_an_item_a_line() {
    let text = ".comp G<T>:B<T,U>, C  { // graph\n  .decl e(x:number)  // edge\n\n\n .override r a(x) :-b(x). // a\n.comp H{} }\n.init g=G <N>\nA($N( 1 ),(x:1)) <= A(_,_):-   B((count:(f(x)),y :)). // c\n";
    let expected = "\
.comp G<T> : B<T, U>, C { // graph
    .decl e(x: number) // edge

    .override r
    a(x) :- b(x). // a
    .comp H {
    }
}
.init g = G<N>
A($N(1), (x: 1)) <= A(_, _) :- B((count: (f(x)), y:)). // c
";
    assert_eq!(formatted(text), expected);
    assert_eq!(formatted(expected), expected);
}

#[test]
fn a_broken_file_is_not_printed() {
    assert!(format_program(FILE, "A(1)\n").is_err());
}
