//! The orders that the planner chooses, for sizes where a person can say what is best.

use std::collections::HashMap;

use super::testing::Text;
use crate::model::PredId;
use crate::plan::{
    Access, Estimate, Growth, Observed, Planner, RulePlan, Statistics, Step, replan_needed, show,
};

/// Relations with their rows and the distinct values of their columns.
type Sizes<'s> = &'s [(&'s str, f64, &'s [f64])];

struct Known {
    sizes: HashMap<PredId, Estimate>,
    observed: Observed,
    uses: f64,
}

impl Statistics for Known {
    fn estimate(&self, pred: PredId) -> Option<Estimate> {
        self.sizes.get(&pred).cloned()
    }

    fn uses(&self) -> f64 {
        self.uses
    }

    fn observed(&self, pred: PredId, key: &[usize]) -> Option<f64> {
        self.observed.rows(pred, key)
    }
}

fn known(text: &Text, sizes: Sizes<'_>) -> Known {
    let estimate = |(name, rows, distinct): &(&str, f64, &[f64])| {
        Some((text.find(name)?, Estimate { rows: *rows, distinct: distinct.to_vec() }))
    };
    Known { sizes: sizes.iter().filter_map(estimate).collect(), observed: Observed::default(), uses: 1.0 }
}

/// The plans of all rules, as their stratum has them.
fn plans(text: &Text, known: &Known) -> Vec<(usize, RulePlan)> {
    let program = &text.program;
    let mut plans = Vec::new();
    for stratum in &program.strata {
        let recursive = if stratum.recursive { stratum.predicates.as_slice() } else { &[] };
        let rules: Vec<_> = stratum.rules.iter().map(|id| program.rule(*id)).collect();
        let growth = Growth::new(&rules, recursive, known);
        let planner = Planner { schema: &program.schema, statistics: &growth, recursive };
        for (id, rule) in stratum.rules.iter().zip(rules) {
            plans.extend(planner.plans(rule).into_iter().map(|plan| (id.0 as usize, plan)));
        }
    }
    plans
}

/// The steps of each plan, in short: `new` stands for the last round's rows, `old` for those before.
fn shown(program: &str, sizes: Sizes<'_>) -> Vec<String> {
    let text = Text::new(program);
    let known = known(&text, sizes);
    let line = |(rule, plan): &(usize, RulePlan)| {
        let shown = show::show(&text.program.schema, &text.program.rules[*rule], plan, None);
        let steps = shown.lines.iter().map(|line| {
            let text = line.text.replace(" new in the last round", " new");
            let text = text.replace(" older than the last round", " old");
            (1..=6).fold(text, |text, i| text.replace(&format!("c{i}: "), ""))
        });
        steps.collect::<Vec<_>>().join("; ")
    };
    plans(&text, &known).iter().map(line).collect()
}

const TC: &str = "Tc(x,y) :- Edge(x,y). Tc(x,z) :- Tc(x,y), Edge(y,z)";
const TRI: &str = "Tri(x,y,z) :- Edge(x,y), Edge(y,z), Edge(x,z)";
const EDGES: Sizes<'_> = &[("Edge", 1e6, &[9e4, 9e4])];

#[test]
fn closures_look_up_what_the_new_rows_end_with() {
    assert_eq!(shown(TC, EDGES)[1], "each Tc(x, y) new; each Edge(y, z) by c1");
    let generation = "Sg(x,y) :- Edge(p,x), Edge(p,y), x != y. Sg(x,y) :- Edge(a,x), Sg(a,b), Edge(b,y)";
    assert_eq!(
        shown(generation, EDGES),
        [
            "each Edge(p, x); each Edge(p, y) by c1; x != y",
            "each Sg(a, b) new; each Edge(a, x) by c1; each Edge(b, y) by c1",
        ]
    );
    // Twice recursive: a plan for each, and no pair of new rows is joined twice.
    let twice = "Tc(x,y) :- Edge(x,y). Tc(x,z) :- Tc(x,y), Tc(y,z)";
    assert_eq!(
        shown(twice, EDGES)[1..],
        ["each Tc(x, y) new; each Tc(y, z) old by c1", "each Tc(y, z) new; each Tc(x, y) by c2",]
    );
}

#[test]
fn points_to_joins_the_small_relation_first() {
    let program = "Pt(y,x) :- AddressOf(y,x). Pt(y,x) :- Assign(y,z), Pt(z,x). \
                   Pt(y,w) :- Load(y,x), Pt(x,z), Pt(z,w). Pt(z,w) :- Store(y,x), Pt(y,z), Pt(x,w)";
    let sizes: Sizes<'_> = &[
        ("AddressOf", 179_207.0, &[141_914.0, 141_645.0]),
        ("Assign", 197_184.0, &[152_379.0, 152_344.0]),
        ("Load", 71_867.0, &[65_271.0, 65_097.0]),
        ("Store", 71_875.0, &[65_260.0, 65_205.0]),
    ];
    // Few variables are loaded from, so that Load leaves less than half; Pt finds several for each.
    assert_eq!(
        shown(program, sizes),
        [
            "each AddressOf(y, x)",
            "each Pt(z, x) new; each Assign(y, z) by c2",
            "each Pt(x, z) new; each Load(y, x) by c2; each Pt(z, w) old by c1",
            // Nothing connects Load to these new rows but Pt.
            "each Pt(z, w) new; each Pt(x, z) by c2; each Load(y, x) by c2",
            "each Pt(x, w) new; each Store(y, x) by c2; each Pt(y, z) old by c1",
            "each Pt(y, z) new; each Store(y, x) by c1; each Pt(x, w) by c1",
        ]
    );
}

#[test]
fn a_large_relation_is_gone_through_rather_than_indexed_for_one_run() {
    let program = "Out(a,c) :- S(b,c), R(a,b)";
    let sizes: Sizes<'_> = &[("R", 5e6, &[4.7e6, 1e5]), ("S", 1e4, &[1e4, 1e3])];
    // S lies in the order of b; R would have to be sorted by it.
    assert_eq!(shown(program, sizes), ["each R(a, b); each S(b, c) by c1"]);
    // One that is at hand by b is looked up for each of the few rows.
    let program = "Out(a,c) :- S(b,c), R(b,a)";
    assert_eq!(shown(program, sizes), ["each S(b, c); each R(b, a) by c1"]);
}

#[test]
fn an_index_that_will_serve_again_is_made() {
    let text = Text::new("P(x) :- Wanted(b), R(x,b)");
    let sizes: Sizes<'_> = &[("R", 1e6, &[1e6, 1e5]), ("Wanted", 1.0, &[1.0])];
    let mut known = known(&text, sizes);
    let first = |known: &Known| match &plans(&text, known)[0].1.steps[0] {
        Step::Scan(scan) => plans(&text, known)[0].1.reads[scan.read].pred,
        step => panic!("{step:?}"),
    };
    // For one evaluation a look at each row of R is less work than to sort them.
    assert_eq!(first(&known), text.id("R"));
    known.uses = 16.0;
    assert_eq!(first(&known), text.id("Wanted"));
}

#[test]
fn what_is_known_is_used_at_once() {
    let sizes: Sizes<'_> =
        &[("Big", 1e6, &[1e5, 1e5]), ("Small", 10.0, &[10.0]), ("Other", 1e6, &[1e6, 1e2])];
    // The constant leaves ten rows of Big, fewer than Other has.
    assert_eq!(
        shown("P(y) :- Other(x,y), Big('k',x)", sizes),
        ["each Big(\"k\", x) by c1; each Other(x, y) by c1"]
    );
    // A comparison stands behind the loop that gives its variable a value, an equality before.
    let tested = shown("P(z) :- Big(x,y), Big(y,z), x > 3, w = 7, z != w", sizes);
    assert_eq!(tested, ["w = 7; each Big(x, y); x > 3; each Big(y, z) by c1; z != w"]);
    // What only has to exist is asked as soon as it can be.
    let exists = shown("P(z) :- Big(x,z), Other(x,_), Small(x)", sizes);
    assert_eq!(exists, ["each Small(x); in Other(x); each Big(x, z) by c1"]);
}

#[test]
fn cycles_are_intersected_and_other_bodies_are_not() {
    assert_eq!(shown(TRI, EDGES), ["each Edge(x, y); each z in Edge(x, z) and Edge(y, z)"]);
    let clique = "C(x,y,z,u) :- Edge(x,y), Edge(y,z), Edge(x,z), Edge(z,u), Edge(x,u), Edge(y,u)";
    assert_eq!(
        shown(clique, EDGES),
        ["each Edge(x, y); each z in Edge(x, z) and Edge(y, z); \
         each u in Edge(x, u) and Edge(y, u) and Edge(z, u)"]
    );
    // Corners that are given leave nothing to intersect but lists of one corner's neighbours.
    for acyclic in ["P(x,w) :- Edge(x,y), Edge(y,z), Edge(z,w)", "P(x) :- Edge(x,y), Edge(x,z), Edge(x,w)"] {
        assert!(!shown(acyclic, EDGES)[0].contains(" and "), "{acyclic}");
    }
    // New rows come first in a round; the other two sides meet.
    let grown = shown("T(x,y) :- Edge(x,y). T(x,z) :- T(x,y), Edge(y,z), Edge(z,x)", EDGES);
    assert_eq!(grown[1], "each T(x, y) new; each z in Edge(y, z) and Edge(z, x)");
}

#[test]
fn an_intersection_that_costs_more_pays_when_it_leaves_less() {
    // Each g has a hundred b, each f eighty, of 80 000: the two lists together take longer to go
    // through than the first, but hardly anything is left to be looked up in Loads.
    let sizes: Sizes<'_> =
        &[("D", 1e5, &[1e4, 1e3]), ("Points", 1e6, &[8e4, 1e4]), ("Loads", 8e4, &[8e4, 8e4, 1e3])];
    assert_eq!(
        shown("P(g,f) :- D(g,f). P(a,f) :- P(g,f), Points(b,g), Loads(a,b,f)", sizes)[1],
        "each P(g, f) new; each b in Loads(b, f) and Points(b, g); each Loads(a, b, f) by c2, c3"
    );
}

#[test]
fn bodies_within_bodies_are_planned_for_all_their_runs() {
    let sizes: Sizes<'_> =
        &[("X", 1e4, &[1e4]), ("A", 6e5, &[6e5, 1e4]), ("B", 6e5, &[6e5, 30.0]), ("C", 3.0, &[3.0])];
    // To put A in order costs as much as to go through it a few times; it is asked 10 000 times.
    let counted = shown("P(x,n) :- X(x), n = count : {A(i,x), B(i,k), C(k)}", sizes);
    assert!(counted[0].contains("each A(i, x) by c2; each B(i, k) by c1"), "{counted:?}");
    // Once it is gone through.
    let once = shown("P(n) :- x = 7, n = count : {A(i,x), B(i,k), C(k)}", sizes);
    assert!(!once[0].contains("each A(i, x) by c2"), "{once:?}");
}

/// All orders of some literals.
fn orders<'t>(literals: &[&'t str]) -> Vec<Vec<&'t str>> {
    if literals.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (i, first) in literals.iter().enumerate() {
        let rest: Vec<&str> = literals.iter().enumerate().filter(|(k, _)| *k != i).map(|(_, l)| *l).collect();
        for mut order in orders(&rest) {
            order.insert(0, first);
            all.push(order);
        }
    }
    all
}

#[test]
fn the_written_order_never_matters() {
    let sizes: Sizes<'_> = &[
        ("Edge", 1e6, &[9e4, 9e4]),
        ("A", 100.0, &[10.0, 50.0]),
        ("B", 100.0, &[10.0, 50.0]),
        ("C", 3.0, &[3.0]),
    ];
    let bodies: [(&str, &[&str]); 4] = [
        ("P(x,y,z)", &["Edge(x,y)", "Edge(y,z)", "Edge(x,z)"]),
        ("P(x,w)", &["A(x,y)", "B(y,z)", "A(z,w)", "C(w)", "x != w"]),
        ("P(x,y)", &["A(x,y)", "B(x,z)", "!C(z)", "u = 1", "B(u,y)"]),
        ("P(x,w)", &["P(x,y)", "P(y,z)", "Edge(z,w)", "A(w,x)"]),
    ];
    for (head, literals) in bodies {
        let plans_of = |order: &[&str]| {
            let text = Text::new(&format!("P0(x) :- C(x). {head} :- {}", order.join(", ")));
            let known = known(&text, sizes);
            let plans = plans(&text, &known);
            let mut shown: Vec<(String, String)> = plans
                .iter()
                .map(|(rule, plan)| {
                    let shown = show::show(&text.program.schema, &text.program.rules[*rule], plan, None);
                    (show::text(&[shown]), format!("{:.6e}", plan.cost))
                })
                .collect();
            shown.sort();
            shown
        };
        let expected = plans_of(literals);
        for order in orders(literals) {
            assert_eq!(plans_of(&order), expected, "{order:?}");
        }
    }
}

#[test]
fn a_plan_that_was_wrong_is_made_again() {
    let text = Text::new("T(x,y) :- S(x,y). T(x,z) :- T(x,y), A(y,z), B(y,z)");
    let sizes: Sizes<'_> = &[("S", 1e3, &[1e3, 1e3]), ("A", 2e5, &[1e5, 1e5]), ("B", 3e5, &[1e5, 1e5])];
    let mut known = known(&text, sizes);
    let (rule, plan) = plans(&text, &known).into_iter().find(|(_, plan)| plan.variant.is_some()).unwrap();
    let read_of =
        |plan: &RulePlan, name: &str| plan.reads.iter().position(|read| read.pred == text.id(name)).unwrap();
    let first = |plan: &RulePlan| match &plan.steps[1] {
        Step::Scan(scan) => plan.reads[scan.read].pred,
        step => panic!("{step:?}"),
    };
    // A has two rows for each y, B three.
    assert_eq!(first(&plan), text.id("A"));
    // As expected: 2000 new rows, two of A for each, few of them in B.
    assert!(!replan_needed(&plan, &[1, 2000, 4000], 10));
    // Too few to tell anything.
    assert!(!replan_needed(&plan, &[1, 20, 2000], 10));
    // A hundred of A for each.
    let entered = [1, 2000, 200_000];
    assert!(replan_needed(&plan, &entered, 10));
    let mut visited = vec![0; plan.reads.len()];
    visited[read_of(&plan, "A")] = 200_000;
    known.observed.note(&plan, &entered, &visited);
    let recursive = [text.id("T")];
    let planner = Planner { schema: &text.program.schema, statistics: &known, recursive: &recursive };
    let again = planner.replan(&text.program.rules[rule], &plan);
    assert_eq!(first(&again), text.id("B"));
    assert_eq!((again.variant, again.reads[0].access), (plan.variant, Access::Delta));
}

#[test]
fn relations_that_grow_are_taken_to_hold_what_feeds_them() {
    let text = Text::new(TC);
    let known = known(&text, &[("Edge", 1e4, &[100.0, 400.0])]);
    let rules: Vec<_> = text.program.rules.iter().collect();
    let growing = [text.id("Tc")];
    let guess = Growth::new(&rules, &growing, &known).estimate(growing[0]).unwrap();
    // Half way, as exponents go, between the 10 000 edges and all 40 000 pairs.
    assert_eq!(guess, Estimate { rows: 20_000.0, distinct: vec![100.0, 400.0] });
}

#[test]
fn thousands_of_literals_are_planned_quickly() {
    let list = |count: usize, literal: &dyn Fn(usize) -> String| {
        (0..count).map(literal).collect::<Vec<_>>().join(", ")
    };
    let programs = [
        format!("P(x) :- A(x,x), {}", list(5_000, &|i| format!("x != {i}"))),
        format!("P(x0) :- {}", list(2_000, &|i| format!("A(x{i},x{})", i + 1))),
        format!("P(x) :- {}", list(2_000, &|i| format!("A(x,y{i}), y{i} > 3"))),
        format!("P(x0) :- A(x0,x0), {}", list(5_000, &|i| format!("x{i} = x{}", i + 1))),
        format!("P(x) :- A(x,x), {}", list(2_000, &|i| format!("!A({i},x)"))),
    ];
    for program in programs {
        let text = Text::new(&program);
        let known = known(&text, &[("A", 1e3, &[30.0, 30.0])]);
        let started = std::time::Instant::now();
        let plans = plans(&text, &known);
        // A tenth of a second in a release build; quadratic work would take minutes in this one.
        assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
        assert!(plans[0].1.steps.len() >= 2_000);
    }
}
