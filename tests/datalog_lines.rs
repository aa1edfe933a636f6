//! Lines of the prompt, goals and patterns; and the shape of what is read.

use factlog::base::FileId;
use factlog::syntax::datalog::ast::*;
use factlog::syntax::datalog::print::{atom_text, expr_text, goal_text, item_text};
use factlog::syntax::datalog::{lex, parse_atom_pattern, parse_goal, parse_line, parse_program};

const FILE: FileId = FileId(0);

/// The kind of line, with its text in normal form; or the codes of its mistakes.
fn line(text: &str) -> String {
    let (line, diagnostics) = parse_line(FILE, text);
    if !diagnostics.is_empty() {
        let codes: Vec<&str> = diagnostics.iter().map(|diagnostic| diagnostic.code.as_str()).collect();
        return codes.join(" ");
    }
    match line {
        None => String::new(),
        Some(Line::Query(goal)) => format!("query {}", goal_text(&goal)),
        Some(Line::Items(items)) => {
            format!("items {}", items.iter().map(item_text).collect::<Vec<_>>().join(" "))
        }
        Some(Line::Assert(atom)) => format!("assert {}", atom_text(&atom)),
        Some(Line::Retract(atom)) => format!("retract {}", atom_text(&atom)),
    }
}

#[test]
fn a_goal_needs_no_mark() {
    for text in [
        "A(x), x < 3",
        "A(x), x < 3?",
        "A(x), x < 3.",
        "?- A(x), x < 3.",
        "?- A(x), x < 3",
        "A(x),\n  x < 3 ?",
    ] {
        assert_eq!(line(text), "query A(x), x < 3", "{text}");
    }
    assert_eq!(
        line("Attended(leader: \"l\", summit: \"x\")."),
        "query Attended(leader: \"l\", summit: \"x\")"
    );
    assert_eq!(line("A(x) order by x desc limit 20."), "query A(x) order by x desc limit 20");
    assert_eq!(line("under (_status: Held) A(x)?"), "query under (_status: Held) A(x)");
    assert_eq!(line("-x < y, A(x, y)"), "query -x < y, A(x, y)");
    assert_eq!(line("-f(x) < y"), "query -f(x) < y");
    assert_eq!(line("A(1). B(2)."), "FL100");
    assert_eq!(line("A(1) B(2)"), "FL109");
    assert_eq!(line(""), "");
    assert_eq!(line("  // nothing\n"), "");
}

#[test]
fn items_and_changes_are_told_from_goals() {
    assert_eq!(line("A(x) :- B(x)."), "items A(x) :- B(x).");
    assert_eq!(line(".decl A(x: number)"), "items .decl A(x: number)");
    assert_eq!(line("@label(\"a\") A(x) :- B(x)."), "items @label(\"a\") A(x) :- B(x).");
    assert_eq!(line("deny d \"m\" :- A(x)."), "items deny d \"m\" :- A(x).");
    assert_eq!(line(":- A(x)."), "items :- A(x).");
    assert_eq!(line("A(x) :- B(x)"), "FL108");
    assert_eq!(line("A(x) <- B(x)."), "FL114");
    assert_eq!(line("+A(x: 1)."), "assert A(x: 1)");
    assert_eq!(line("+ A(x: 1)"), "assert A(x: 1)");
    assert_eq!(line("-A(x: 1, _src: \"s\")"), "retract A(x: 1, _src: \"s\")");
    assert_eq!(line("+A(1), B(2)"), "FL100");
    assert_eq!(line("+A(1"), "FL110");
}

#[test]
fn goals_and_patterns_stand_alone() {
    let goal = |text| parse_goal(FILE, text).0.map(|goal| goal_text(&goal));
    assert_eq!(goal("?- A(x)."), Some("A(x)".to_owned()));
    assert_eq!(goal("A(x) ; B(x)?"), Some("A(x) ; B(x)".to_owned()));
    assert_eq!(goal("A(x) :- B(x)."), None);
    assert_eq!(goal(""), None);
    let pattern = |text| parse_atom_pattern(FILE, text).0.map(|atom| atom_text(&atom));
    assert_eq!(pattern("A(x: 1)."), Some("A(x: 1)".to_owned()));
    assert_eq!(pattern("A(x: 1)"), Some("A(x: 1)".to_owned()));
    assert_eq!(pattern("!A(x: 1)"), None);
    assert_eq!(pattern("A(1), B(2)"), None);
}

/// The first clause's first comparison, right side, with every operator bracketed.
fn shape(expression: &str) -> String {
    let text = format!("A(x) :- x = {expression}.");
    let (program, diagnostics) = parse_program(FILE, &text);
    assert_eq!(diagnostics, [], "{text}");
    let ItemKind::Clause(Clause { body: Some(body), .. }) = &program.items[0].kind else { panic!("{text}") };
    let LiteralKind::Compare { right, .. } = &body.alternatives[0][0].kind else { panic!("{text}") };
    bracketed(right)
}

fn bracketed(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Binary(op, left, right) => format!("({} {op:?} {})", bracketed(left), bracketed(right)),
        ExprKind::Neg(inner) => format!("(neg {})", bracketed(inner)),
        ExprKind::Unary(op, inner) => format!("({op:?} {})", bracketed(inner)),
        _ => expr_text(expr),
    }
}

#[test]
fn operators_bind_as_in_souffle() {
    assert_eq!(shape("1 + 2 * 3"), "(1 Add (2 Mul 3))");
    assert_eq!(shape("1 - 2 - 3"), "((1 Sub 2) Sub 3)");
    assert_eq!(shape("2 ^ 3 ^ 4"), "(2 Pow (3 Pow 4))");
    assert_eq!(shape("-2 ^ 2"), "(neg (2 Pow 2))");
    assert_eq!(shape("-2 * 2"), "(-2 Mul 2)");
    assert_eq!(shape("-y * 2"), "((neg y) Mul 2)");
    assert_eq!(shape("2 - -3"), "(2 Sub -3)");
    assert_eq!(shape("1 bshl 2 + 3"), "(1 Bshl (2 Add 3))");
    assert_eq!(
        shape("a band b bxor c bor d land e lxor f lor g"),
        "((((((a Band b) Bxor c) Bor d) Land e) Lxor f) Lor g)"
    );
    assert_eq!(
        shape("g lor f lxor e land d bor c bxor b band a"),
        "(g Lor (f Lxor (e Land (d Bor (c Bxor (b Band a))))))"
    );
    assert_eq!(shape("bnot y band 3"), "((Bnot y) Band 3)");
    assert_eq!(shape("(1 + 2) % 3 / 4"), "(((1 Add 2) Rem 3) Div 4)");
}

#[test]
fn words_of_ron_read_as_values() {
    assert_eq!(shape("Some(y)"), "y");
    assert_eq!(shape("None"), "nil");
    assert_eq!(shape("Host"), "Host");
    assert_eq!(shape("min(1, 2)"), "min(1, 2)");
    assert_eq!(shape("min y : { B(y) }"), "min y : { B(y) }");
    assert_eq!(shape("min (y + 1) : { B(y) }"), "min y + 1 : { B(y) }");
    assert_eq!(shape("count min(y, 2) : { B(y) }"), "count min(y, 2) : { B(y) }");
    assert_eq!(shape("count : B(_)"), "count : B(_)");
    assert_eq!(shape("concat y, \", \" : { B(y) }"), "concat y, \", \" : { B(y) }");
}

#[test]
fn a_reserved_word_before_a_colon_or_a_comparison_is_a_column() {
    let (program, diagnostics) =
        parse_program(FILE, "A(x) :- Figure(count: 3, limit >= x, min: min(x, 2), low:-3).");
    assert_eq!(diagnostics, []);
    let ItemKind::Clause(Clause { body: Some(body), .. }) = &program.items[0].kind else { panic!() };
    let LiteralKind::Atom(Atom { args: Args::Named(args), .. }) = &body.alternatives[0][0].kind else {
        panic!()
    };
    let names: Vec<&str> = args.iter().map(|arg| arg.name.text.as_str()).collect();
    assert_eq!(names, ["count", "limit", "min", "low"]);
    assert!(matches!(args[1].value, NamedValue::Compare(CompareOp::Ge, _)));
    assert!(matches!(&args[3].value, NamedValue::Is(Expr { kind: ExprKind::Const(ConstKind::Int(-3)), .. })));
}

#[test]
fn texts_and_numbers_are_decoded() {
    let (program, diagnostics) = parse_program(
        FILE,
        "A(\"\\u{e9}\\x41\\n\\\"\", r#\"a\\\"b\"#, 0xFF, 0b10, 1_0, 2e3, -9223372036854775808, d\"2025~\").",
    );
    assert_eq!(diagnostics, []);
    let ItemKind::Clause(clause) = &program.items[0].kind else { panic!() };
    let Args::Positional(args) = &clause.heads[0].args else { panic!() };
    let values: Vec<&ConstKind> = args
        .iter()
        .map(|arg| match &arg.kind {
            ExprKind::Const(kind) => kind,
            other => panic!("{other:?}"),
        })
        .collect();
    let text = |text: &str| ConstKind::String(text.to_owned());
    assert_eq!(
        values,
        [
            &text("éA\n\""),
            &text("a\\\"b"),
            &ConstKind::Int(255),
            &ConstKind::Int(2),
            &ConstKind::Int(10),
            &ConstKind::Float(2000.0),
            &ConstKind::Int(i64::MIN),
            &ConstKind::Date("2025~".to_owned()),
        ]
    );
}

#[test]
fn spans_cover_what_they_name() {
    let text = "// c\n@label(\"a\")\nMet(a: x) :-\n  !B(x), C(x).";
    let (program, _) = parse_program(FILE, text);
    let item = &program.items[0];
    assert_eq!(&text[item.span.range()], &text[5..]);
    let ItemKind::Clause(clause) = &item.kind else { panic!() };
    assert_eq!(&text[clause.heads[0].span.range()], "Met(a: x)");
    let body = clause.body.as_ref().unwrap();
    assert_eq!(&text[body.span.range()], "!B(x), C(x)");
    assert_eq!(&text[body.alternatives[0][0].span.range()], "!B(x)");
}

#[test]
fn good_items_beside_a_bad_one_are_kept() {
    let (program, diagnostics) = parse_program(FILE, "A(1).\nB(2 :- C(3).\nD(4).\n.dcl E\nF(5).\n");
    assert_eq!(diagnostics.len(), 2);
    let kept: Vec<String> = program.items.iter().map(item_text).collect();
    assert_eq!(kept, ["A(1).", "D(4).", "F(5)."]);
}

#[test]
fn fixes_mend_what_they_are_about() {
    for (bad, good) in [
        ("A(x) :- B(x)", "A(x) :- B(x)."),
        ("A(x) :- B(x) C(x).", "A(x) :- B(x), C(x)."),
        ("A(x) :- B(x) && C(x).", "A(x) :- B(x) , C(x)."),
        ("A(x) :- x = 'a'.", "A(x) :- x = \"a\"."),
        ("A(n) :- n = count { B(_) }.", "A(n) :- n = count : { B(_) }."),
        (".dcl A(x: number)", ".decl A(x: number)"),
        ("A(.5).", "A(0.5)."),
        ("A(1u8).", "A(1)."),
        ("% note", "// note"),
    ] {
        let (_, diagnostics) = parse_program(FILE, bad);
        let mut mended = bad.to_owned();
        let edits =
            diagnostics.iter().filter_map(|diagnostic| diagnostic.fix.as_ref()).flat_map(|fix| &fix.edits);
        for (span, replacement) in edits {
            mended.replace_range(span.range(), replacement);
        }
        assert_eq!(mended, good);
        assert_eq!(parse_program(FILE, &mended).1, [], "{mended}");
    }
}

#[test]
fn direction_controls_in_strings_are_left_to_a_lint() {
    let text = "A(\"x\u{202e}y\").";
    let lexed = lex(FILE, text);
    assert!(lexed.diagnostics.is_empty());
    assert_eq!(lexed.bidi_in_text.iter().map(|span| span.range()).collect::<Vec<_>>(), vec![4..7]);
}
