//! A scenario answers what a fresh base answers in which those assertions are really not there and
//! the others really are.

mod project;

use factlog::session::{Options, ScenarioOption, Session};
use project::Project;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

const SCHEMA: &str = "\
.decl P(x: symbol)
.decl Q(x: symbol, y: symbol)
R(x: a, y: b) :- Q(x: a, y: b).
R(x: a, y: c) :- R(x: a, y: b), Q(x: b, y: c).
Alone(x: a) :- P(x: a), !R(x: a).
Degree(x: a, n: n) :- P(x: a), n = count b : { Q(x: a, y: b) }.
Firm(x: a) :- P(x: a, _status >= Confirmed).
Said(x: a, s: s) :- P(x: a, _src: s).
";

const QUERIES: &[&str] = &[
    "P(x: a)",
    "Q(x: a, y: b)",
    "R(x: a, y: b)",
    "Alone(x: a)",
    "Degree(x: a, n: n)",
    "Firm(x: a)",
    "Said(x: a, s: s)",
    "P(x: a, _status: s, _conf: c, _by: w)",
    "Q(x: a, y: b, _status: Denied)",
];

/// Id, first and last day of `published` as texts that sort, what it is based on.
const SOURCES: &[(&str, Option<&str>, &[&str])] = &[
    ("s1", Some("2023-01-01"), &[]),
    ("s2", Some("2023-06"), &["s1"]),
    ("s3", None, &[]),
    ("s4", Some("2024-03-01"), &["s1", "s5"]),
    ("s5", Some("2023"), &[]),
    ("s6", None, &["s2"]),
];

/// The latest day of a date as it is written here.
fn latest(date: &str) -> String {
    match date {
        "2023" => "2023-12-31".to_owned(),
        "2023-06" => "2023-06-30".to_owned(),
        day => day.to_owned(),
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Fact {
    relation: &'static str,
    columns: Vec<&'static str>,
    src: Option<&'static str>,
    on: Option<&'static str>,
    status: &'static str,
    conf: &'static str,
    by: Vec<&'static str>,
    based_on: Option<Vec<&'static str>>,
    review: &'static str,
}

impl Fact {
    fn text(&self) -> String {
        let names = ["x", "y"];
        let mut fields: Vec<String> =
            names.iter().zip(&self.columns).map(|(name, value)| format!("{name}: {value:?}")).collect();
        fields.extend(self.src.map(|src| format!("_src: {src:?}")));
        fields.extend(self.on.map(|on| format!("_on: d{on:?}")));
        fields.push(format!("_status: {}, _conf: {}, _review: {}", self.status, self.conf, self.review));
        if !self.by.is_empty() {
            fields.push(format!("_by: {:?}", self.by));
        }
        fields.extend(self.based_on.as_ref().map(|based_on| format!("_based_on: {based_on:?}")));
        format!("{}({})", self.relation, fields.join(", "))
    }

    /// The day on which it was recorded; `Err` for an undated source, `Ok(None)` for background.
    fn recorded(&self) -> Result<Option<String>, ()> {
        let published = SOURCES.iter().find(|(id, _, _)| Some(*id) == self.src).and_then(|source| source.1);
        match published.or(self.on) {
            Some(date) => Ok(Some(latest(date))),
            None if self.src.is_none() => Ok(None),
            None => Err(()),
        }
    }

    fn based_on(&self) -> Vec<&'static str> {
        let own = self.based_on.clone();
        own.unwrap_or_else(|| {
            let source = SOURCES.iter().find(|(id, _, _)| Some(*id) == self.src);
            source.map(|source| source.2.to_vec()).unwrap_or_default()
        })
    }
}

/// What falls with struck sources, by the definition.
fn fallen(struck: &[&str]) -> Vec<String> {
    let mut fallen: Vec<String> = struck.iter().map(|id| (*id).to_owned()).collect();
    loop {
        let more: Vec<String> = SOURCES
            .iter()
            .filter(|(id, _, based_on)| {
                !fallen.iter().any(|known| known == id)
                    && !based_on.is_empty()
                    && based_on.iter().all(|base| fallen.iter().any(|known| known == base))
            })
            .map(|source| source.0.to_owned())
            .collect();
        if more.is_empty() {
            return fallen;
        }
        fallen.extend(more);
    }
}

#[derive(Clone, Debug)]
enum Asked {
    AsOf(&'static str),
    Without(Vec<&'static str>),
    Assume(Fact),
    Retract(&'static str, Option<&'static str>, Option<&'static str>),
    Status(&'static str, &'static str),
    Conf(&'static str, &'static str),
    By(&'static str),
    Review(&'static str),
}

const STATUSES: &[&str] = &["Proposed", "Planned", "Confirmed", "Held", "Denied", "Cancelled"];

impl Asked {
    fn text(&self) -> String {
        match self {
            Asked::AsOf(date) => format!("as_of: d{date:?}"),
            Asked::Without(sources) => match sources.as_slice() {
                [one] => format!("without: {one:?}"),
                several => format!("without: {several:?}"),
            },
            Asked::Assume(fact) => format!("assume: {}", fact.text()),
            Asked::Retract(relation, x, src) => {
                let x = x.map_or("x: _".to_owned(), |x| format!("x: {x:?}"));
                let src = src.map(|src| format!(", _src: {src:?}")).unwrap_or_default();
                format!("retract: {relation}({x}{src})")
            }
            Asked::Status(op, status) => format!("_status {op} {status}"),
            Asked::Conf(op, conf) => format!("_conf {op} {conf}"),
            Asked::By(who) => format!("_by: {who:?}"),
            Asked::Review(review) => format!("_review: {review}"),
        }
    }

    /// The same as a flag, where there is one that says this.
    fn flag(&self) -> Option<ScenarioOption> {
        match self {
            Asked::AsOf(date) => Some(ScenarioOption::AsOf((*date).to_owned())),
            Asked::Without(sources) => match sources.as_slice() {
                [one] => Some(ScenarioOption::Without((*one).to_owned())),
                _ => None,
            },
            Asked::Assume(fact) => Some(ScenarioOption::Assume(fact.text())),
            Asked::Retract(..) => {
                Some(ScenarioOption::Retract(self.text().trim_start_matches("retract: ").to_owned()))
            }
            Asked::Status(">=", status) => Some(ScenarioOption::Status((*status).to_owned())),
            Asked::Conf(">=", conf) => Some(ScenarioOption::MinConf(conf.parse().unwrap())),
            Asked::By(who) => Some(ScenarioOption::By((*who).to_owned())),
            Asked::Review(review) => Some(ScenarioOption::Review((*review).to_owned())),
            Asked::Status(..) | Asked::Conf(..) => None,
        }
    }
}

/// The facts that are there, and how many were left out for want of a date.
fn expected(facts: &[Fact], asked: &[Asked]) -> (Vec<Fact>, usize) {
    let retracted = |fact: &Fact| {
        asked.iter().any(|asked| match asked {
            Asked::Retract(relation, x, src) => {
                fact.relation == *relation
                    && x.is_none_or(|x| fact.columns[0] == x)
                    && src.is_none_or(|src| fact.src == Some(src))
            }
            _ => false,
        })
    };
    let mut facts: Vec<Fact> = facts.iter().filter(|fact| !retracted(fact)).cloned().collect();
    for asked in asked {
        if let Asked::Assume(fact) = asked {
            facts.push(fact.clone());
        }
    }
    let struck: Vec<&str> = asked
        .iter()
        .flat_map(|asked| if let Asked::Without(sources) = asked { sources.clone() } else { Vec::new() })
        .collect();
    let fallen = fallen(&struck);
    let rank = |status: &str| STATUSES.iter().position(|known| *known == status).unwrap();
    let fits = |fact: &Fact| {
        let falls = fact.src.is_some_and(|src| struck.contains(&src)) || {
            let base = fact.based_on();
            !base.is_empty() && base.iter().all(|base| fallen.iter().any(|known| known == base))
        };
        !falls
            && asked.iter().all(|asked| match asked {
                Asked::Status(":", status) => fact.status == *status,
                Asked::Status("!=", status) => fact.status != *status,
                Asked::Status(op, status) => {
                    let (a, b) = (rank(fact.status), rank(status));
                    a <= 3 && if *op == ">=" { a >= b } else { a < b }
                }
                Asked::Conf(op, conf) => {
                    let (a, b): (f64, f64) = (fact.conf.parse().unwrap(), conf.parse().unwrap());
                    if *op == ">=" { a >= b } else { a < b }
                }
                Asked::By(who) => fact.by.contains(who),
                Asked::Review(review) => fact.review == *review,
                _ => true,
            })
    };
    let day = asked.iter().filter_map(|asked| match asked {
        Asked::AsOf(date) => Some(latest(date)),
        _ => None,
    });
    let day = day.min();
    let mut undated = 0;
    let mut kept = Vec::new();
    let reviewed = asked.iter().any(|asked| matches!(asked, Asked::Review(_)));
    for mut fact in facts.into_iter().filter(fits) {
        let in_time = match (&day, fact.recorded()) {
            (None, _) | (Some(_), Ok(None)) => true,
            (Some(day), Ok(Some(recorded))) => recorded <= *day,
            (Some(_), Err(())) => {
                undated += 1;
                false
            }
        };
        if in_time {
            if reviewed {
                fact.review = "Accepted";
            }
            kept.push(fact);
        }
    }
    (kept, undated)
}

fn fact() -> impl Strategy<Value = Fact> {
    let value = || select(&["a", "b", "c"][..]);
    let column = prop_oneof![
        value().prop_map(|x| ("P", vec![x])),
        (value(), value()).prop_map(|(x, y)| ("Q", vec![x, y])),
    ];
    let src = prop_oneof![
        3 => Just(None),
        6 => select(&["s1", "s2", "s3", "s4", "s5", "s6", "nobody"][..]).prop_map(Some)
    ];
    let on =
        prop_oneof![3 => Just(None), 1 => select(&["2023-05-01", "2024-01-01", "2023"][..]).prop_map(Some)];
    let status = prop_oneof![3 => Just("Held"), 4 => select(STATUSES)];
    let review = prop_oneof![5 => Just("Accepted"), 2 => select(&["Pending", "Rejected"][..])];
    let based_on = prop_oneof![
        6 => Just(None),
        1 => Just(Some(Vec::new())),
        2 => select(&["s1", "s3"][..]).prop_map(|source| Some(vec![source])),
    ];
    let by = vec(select(&["u", "v"][..]), 0..3);
    (column, src, on, status, select(&["0.2", "0.5", "1.0"][..]), by, based_on, review).prop_map(
        |((relation, columns), src, on, status, conf, by, based_on, review)| Fact {
            relation,
            columns,
            src,
            on,
            status,
            conf,
            by,
            based_on,
            review,
        },
    )
}

fn asked() -> impl Strategy<Value = Asked> {
    let sources = || select(&["s1", "s2", "s3", "s4", "s5"][..]);
    prop_oneof![
        2 => select(&["2023-01-01", "2023-06-15", "2023-06-30", "2023-12-31", "2024-06-01"][..])
            .prop_map(Asked::AsOf),
        2 => vec(sources(), 1..3).prop_map(Asked::Without),
        2 => fact().prop_map(Asked::Assume),
        1 => (select(&["P", "Q"][..]), proptest::option::of(select(&["a", "b"][..])), proptest::option::of(sources()))
            .prop_map(|(relation, x, src)| Asked::Retract(relation, x, src)),
        1 => (select(&[">=", "<"][..]), select(&STATUSES[..4])).prop_map(|(op, s)| Asked::Status(op, s)),
        1 => (select(&[":", "!="][..]), select(STATUSES)).prop_map(|(op, s)| Asked::Status(op, s)),
        1 => (select(&[">=", "<"][..]), select(&["0.5", "0.6"][..])).prop_map(|(op, x)| Asked::Conf(op, x)),
        1 => select(&["u", "v"][..]).prop_map(Asked::By),
        1 => select(&["Accepted", "Pending"][..]).prop_map(Asked::Review),
    ]
}

fn session(facts: &[Fact]) -> Session {
    let mut session = Session::empty(Options::default());
    session.define(SCHEMA).unwrap();
    for (id, published, based_on) in SOURCES {
        let published = published.map(|date| format!(", published: d{date:?}")).unwrap_or_default();
        let based_on = if based_on.is_empty() { String::new() } else { format!(", based_on: {based_on:?}") };
        session.assert(&format!("Source(id: {id:?}, publisher: \"p\"{published}{based_on})")).unwrap();
    }
    for fact in facts {
        session.assert(&fact.text()).unwrap();
    }
    session
}

type Rows = Vec<Vec<factlog::model::Value>>;

fn ask(session: &mut Session, under: &str) -> (Vec<Rows>, Vec<String>) {
    let mut notes = Vec::new();
    let rows = QUERIES.iter().map(|query| {
        let (answer, _) = session.query(&format!("{under}{query}")).unwrap();
        notes = answer.notes;
        answer.rows
    });
    (rows.collect(), notes)
}

fn agrees(facts: &[Fact], asked: &[Asked]) -> Result<(), TestCaseError> {
    // What speaks against the whole of Source is no subject here: its facts are background.
    let (kept, undated) = expected(facts, asked);
    let wanted: Vec<Rows> = {
        let mut fresh = session(&kept);
        // Under these the sources' own facts do not count, though what they say of themselves does.
        ask(&mut fresh, "").0
    };
    let options: Vec<String> = asked.iter().map(Asked::text).collect();
    let under = format!("under ({}) ", options.join(", "));
    let mut tried = session(facts);
    let before = ask(&mut tried, "");
    let (rows, notes) = ask(&mut tried, &under);
    for ((query, found), wanted) in QUERIES.iter().zip(&rows).zip(&wanted) {
        prop_assert_eq!(found, wanted, "{}{}", under, query);
    }
    let note = notes.iter().find(|note| note.contains("without a date"));
    match undated {
        0 => prop_assert_eq!(note, None),
        1 => prop_assert_eq!(note.unwrap(), "one assertion of a source without a date is left out"),
        n => {
            prop_assert_eq!(note.unwrap(), &format!("{n} assertions of sources without a date are left out"))
        }
    }
    // Nothing of the scenario is left behind.
    prop_assert_eq!(&ask(&mut tried, ""), &before);
    // The same as flags, and half of it as flags.
    let (flags, own): (Vec<&Asked>, Vec<&Asked>) = asked.iter().partition(|asked| asked.flag().is_some());
    let flags: Vec<ScenarioOption> = flags.into_iter().filter_map(Asked::flag).collect();
    tried.set_scenario(&flags).unwrap();
    let own: Vec<String> = own.into_iter().map(Asked::text).collect();
    let under = if own.is_empty() { String::new() } else { format!("under ({}) ", own.join(", ")) };
    prop_assert_eq!(ask(&mut tried, &under).0, rows.clone());
    // And again from what was kept of it, also after a change and its undoing.
    prop_assert_eq!(ask(&mut tried, &under).0, rows.clone());
    tried.assert("P(x: \"new\")").unwrap();
    ask(&mut tried, &under);
    tried.undo().unwrap();
    prop_assert_eq!(ask(&mut tried, &under).0, rows);
    tried.set_scenario(&[]).unwrap();
    prop_assert_eq!(ask(&mut tried, ""), before);
    Ok(())
}

#[test]
fn a_scenario_is_a_base_in_which_it_is_so() {
    let cases = std::env::var("FACTLOG_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(150);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let strategy = (vec(fact(), 1..14), vec(asked(), 1..4));
    runner.run(&strategy, |(facts, asked)| agrees(&facts, &asked)).unwrap();
}

/// Ann in Xian by a dated report, Bob there by an undated one, and a plan for the moon base.
fn small() -> Project {
    let project = Project::small();
    project.write(
        "facts/s.ron",
        r#"[
    Source(id: "dated", publisher: "p", published: "2023-05-20"),
    Source(id: "undated", publisher: "q"),
    Attended(leader: "cem", summit: "xian", _src: "undated"),
    Attended(leader: "ann", summit: "moon_base", _src: "dated", _status: Planned, _conf: 0.5, _by: ["Ann"]),
    Attended(leader: "bob", summit: "moon_base", _src: "dated", _review: Pending),
]
"#,
    );
    project
}

#[test]
fn flags_make_a_scenario() {
    let project = small();
    let query = |flags: &[&str]| {
        let ran = project.run(&[&["query", "Attended(leader: l, summit: s)", "-f", "csv"], flags].concat());
        let rows: Vec<&str> = ran.out.lines().skip(1).collect();
        // How many of them are less than held is no subject here.
        let err = ran.err.lines().filter(|line| !line.contains("than held"));
        (ran.status, rows.join(" "), err.map(|line| format!("{line}\n")).collect::<String>())
    };
    let note = "note: one assertion of a source without a date is left out\n";
    let none = String::new();
    assert_eq!(query(&[]), (0, "ann,moon_base ann,xian bob,xian cem,xian".to_owned(), none.clone()));
    assert_eq!(query(&["--as-of", "2023-05-20"]).1, "ann,moon_base ann,xian bob,xian");
    assert_eq!(query(&["--as-of", "2023-05-19"]), (0, "ann,xian bob,xian".to_owned(), note.to_owned()));
    assert_eq!(
        query(&["--without", "undated"]),
        (0, "ann,moon_base ann,xian bob,xian".to_owned(), none.clone())
    );
    assert_eq!(query(&["--status", "Confirmed"]).1, "ann,xian bob,xian cem,xian");
    assert_eq!(query(&["--min-conf", "0.6", "--status", "Planned"]).1, "ann,xian bob,xian cem,xian");
    assert_eq!(query(&["--by", "Ann"]).1, "ann,moon_base");
    assert_eq!(query(&["--review", "Pending"]).1, "bob,moon_base");
    let assume = "Attended(leader: \"cem\", summit: \"moon_base\")";
    let both = &["--assume", assume, "--retract", "Attended(summit: \"xian\")"];
    assert_eq!(query(both), (0, "ann,moon_base cem,moon_base".to_owned(), none));
    assert_eq!(
        query(&["--by", "Ann", "--assume", assume]).2,
        "note: an assumed fact does not fit the rest of the scenario and is left out\n"
    );
}

#[test]
fn what_is_wrong_with_a_scenario_is_said_at_once() {
    let project = small();
    let query = |flags: &[&str]| {
        let ran = project.run(&[&["query", "Attended(leader: l)"], flags].concat());
        (ran.status, ran.err)
    };
    let (status, err) = query(&["--as-of", "2023-13", "--status", "Hold", "--assume", "Nothing(x: 1)"]);
    assert_eq!(status, 2);
    for code in ["FL212", "FL203", "FL201", "`Held`"] {
        assert!(err.contains(code), "{code}: {err}");
    }
    let (status, err) = query(&["--without", "datd"]);
    assert_eq!(status, 0);
    assert!(err.contains("no `Source` has the id `datd`") && err.contains("did you mean `dated`?"), "{err}");
    let (status, err) = query(&["--min-conf", "2"]);
    assert_eq!(status, 2);
    assert!(err.contains("`_conf` lies between 0 and 1"), "{err}");
}

#[test]
fn run_and_check_take_a_scenario_and_rule_files_have_their_own() {
    let project = small();
    project.write(
        "rules/more.dl",
        "Here(leader: l) :- Attended(leader: l, summit: \"xian\").\n\
         .output Here\n\
         warn three \"three are there\" :- 3 = count l : { Here(leader: l) }.\n\
         ?- Here(leader: \"cem\").\n\
         ?- under (as_of: d\"2020\") Here(leader: \"cem\").\n",
    );
    let ran = project.run(&["run", "-f", "csv"]);
    assert_eq!(
        ran.out,
        "Here\nleader\nann\nbob\ncem\n\nHere(leader: \"cem\")\nyes\n\n\
         under (as_of: d\"2020\") Here(leader: \"cem\")\nno\n"
            .replace("\nHere(leader", "\n?- Here(leader")
            .replace("\nunder", "\n?- under")
            .replace("\")\n", "\").\n")
    );
    assert!(ran.err.contains("one assertion of a source without a date is left out"), "{}", ran.err);
    let ran = project.run(&["run", "-f", "csv", "--without", "undated"]);
    assert!(ran.out.starts_with("Here\nleader\nann\nbob\n\n?- Here(leader: \"cem\").\nno\n"), "{}", ran.out);
    let warned = |flags: &[&str]| project.run(&[&["check", "-f", "concise"], flags].concat()).out;
    assert!(warned(&[]).contains("three are there"));
    assert!(!warned(&["--without", "undated"]).contains("three are there"));
}

#[test]
fn the_prompt_stays_in_a_scenario() {
    let project = small();
    let input = "\
:under
:under without: \"undated\"
Attended(leader: \"cem\", summit: \"xian\")?
under (assume: Attended(leader: \"cem\", summit: \"xian\")) Attended(leader: \"cem\", summit: \"xian\")?
+Attended(leader: \"cem\", summit: \"moon_base\", _src: \"undated\")
Attended(leader: \"cem\")?
:under
:under bogus: 1
:under off
Attended(leader: \"cem\")?
";
    let ran = project.run_with(&["repl", "--echo"], input);
    let kept: Vec<&str> =
        ran.out.lines().filter(|line| !line.starts_with("factlog> ") && !line.is_empty()).collect();
    let note = "note: under (without: \"undated\")";
    let begin = "from now on under (without: \"undated\"); `:under off` ends it";
    assert_eq!(kept[..3], ["no scenario: everything that is stated counts", begin, "no"], "{}", ran.out);
    assert_eq!(kept[3..9], [note, "yes", note, "asserted 1 fact", "no", note], "{}", ran.out);
    assert_eq!(kept[9], "under (without: \"undated\")");
    assert!(kept[10].contains("FL230"), "{}", ran.out);
    assert_eq!(kept[kept.len() - 2..], ["no scenario any more: everything that is stated counts", "yes"]);
}
