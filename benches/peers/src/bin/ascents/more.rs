//! Programs beyond the twelve.

use crate::workload::workload;

workload! {
    nonlinear reads [edge] counts [path] writes [];
    relation edge(u32, u32);
    relation path(u32, u32);
    path(x, y) <-- edge(x, y);
    path(x, z) <-- path(x, y), path(y, z);
}

// Forward from the node that is asked for: ascent has no demand of its own.
workload! {
    path_from reads [edge] counts [goal] writes [];
    relation edge(u32, u32);
    relation goal(u32);
    goal(y) <-- edge(7, y);
    goal(y) <-- goal(x), edge(x, y);
}

workload! {
    reach_one reads [edge] counts [reach] writes [];
    relation edge(u32, u32);
    relation reach(u32);
    reach(7);
    reach(y) <-- reach(x), edge(x, y);
}

workload! {
    names reads [depends] counts [needs] writes [];
    relation depends(Name, Name);
    relation needs(Name, Name);
    needs(a, b) <-- depends(a, b);
    needs(a, c) <-- needs(a, b), depends(b, c);
}

workload! {
    cousins reads [parent] counts [cousin] writes [];
    relation parent(Name, Name);
    relation cousin(Name, Name);
    cousin(x, y) <-- parent(x, p), parent(y, p), if x != y;
    cousin(x, y) <-- parent(x, a), cousin(a, b), parent(y, b);
}

workload! {
    parity reads [edge] counts [odd even] writes [];
    relation edge(u32, u32);
    relation odd(u32, u32);
    relation even(u32, u32);
    odd(x, y) <-- edge(x, y);
    odd(x, z) <-- even(x, y), edge(y, z);
    even(x, z) <-- odd(x, y), edge(y, z);
}

workload! {
    labels reads [edge leads] counts [path] writes [];
    relation edge(u32, u32, u32);
    relation leads(u32, u32);
    relation path(u32, u32, u32);
    path(k, x, y) <-- edge(k, x, y);
    path(k, x, z) <-- path(k, x, y), edge(k, y, z);
    path(l, x, y) <-- path(k, x, y), leads(k, l);
}

workload! {
    steps reads [edge] counts [walk] writes [];
    relation edge(u32, u32);
    relation walk(u32, u32, u32);
    walk(x, y, 1) <-- edge(x, y);
    walk(x, z, n + 1) <-- walk(x, y, n), if *n < 8, edge(y, z);
}

workload! {
    orders reads [line offer placed supplier customer] counts [local] writes [];
    relation line(u32, u32);
    relation offer(u32, u32);
    relation placed(u32, u32);
    relation supplier(u32, u32);
    relation customer(u32, u32);
    relation local(u32, u32);
    // From the region outward, as its user would write it.
    local(c, s) <-- supplier(s, 3), offer(p, s), line(o, p), placed(o, c), customer(c, 3);
}

workload! {
    chain reads [a b c d pick] counts [ends] writes [];
    relation a(u32, u32);
    relation b(u32, u32);
    relation c(u32, u32);
    relation d(u32, u32);
    relation pick(u32);
    relation ends(u32, u32);
    ends(v, z) <-- pick(z), d(y, z), c(x, y), b(w, x), a(v, w);
}

workload! {
    totals reads [sale] counts [total best often rank] writes [];
    relation sale(u32, u32, u32, u32);
    relation shop(u32);
    shop(s) <-- sale(_, s, _, _);
    relation total(u32, u32);
    total(s, t) <-- shop(s), agg t = sum(a) in sale(_, s, _, a);
    relation sold(u32, u32);
    sold(s, i) <-- sale(_, s, i, _);
    relation best(u32, u32, u32);
    best(s, i, m) <-- sold(s, i), agg m = max(a) in sale(_, s, i, a);
    relation often(u32, u32, usize);
    often(s, i, c) <-- sold(s, i), agg c = count() in sale(_, s, i, _), if c > 3;
    relation higher(u32, u32);
    higher(s, other) <-- total(s, t), total(other, u), if u > t;
    relation rank(u32, usize);
    rank(s, n) <-- total(s, _), agg n = count() in higher(s, _);
}

workload! {
    layers reads [step position] counts [won1 won2 won3 undecided] writes [];
    relation step(u32, u32);
    relation position(u32);
    relation can(u32);
    can(x) <-- step(x, _);
    relation lost0(u32);
    lost0(x) <-- position(x), !can(x);
    relation won1(u32);
    won1(x) <-- step(x, y), lost0(y);
    relation open1(u32);
    open1(x) <-- step(x, y), !won1(y);
    relation lost1(u32);
    lost1(x) <-- can(x), !open1(x);
    relation won2(u32);
    won2(x) <-- step(x, y), lost1(y), !won1(x);
    relation open2(u32);
    open2(x) <-- step(x, y), !won1(y), !won2(y);
    relation lost2(u32);
    lost2(x) <-- can(x), !open2(x), !lost1(x);
    relation won3(u32);
    won3(x) <-- step(x, y), lost2(y), !won1(x), !won2(x);
    relation undecided(u32);
    undecided(x) <-- position(x), !lost0(x), !lost1(x), !lost2(x), !won1(x), !won2(x), !won3(x);
}

workload! {
    pentagon reads [edge] counts [five] writes [];
    relation edge(u32, u32);
    relation five(u32, u32, u32, u32, u32);
    five(a, b, c, d, e) <-- edge(a, b), edge(b, c), edge(c, d), edge(d, e), edge(a, e);
}

workload! {
    ontology reads [told has implies both wider chained] counts [is some] writes [];
    relation told(u32, u32);
    relation has(u32, u32, u32);
    relation implies(u32, u32, u32);
    relation both(u32, u32, u32);
    relation wider(u32, u32);
    relation chained(u32, u32, u32);
    relation is(u32, u32);
    relation some(u32, u32, u32);
    is(x, z) <-- told(x, z);
    is(x, z) <-- is(x, y), is(y, z);
    is(x, z) <-- is(y, w), implies(w, r, z), some(x, r, y);
    is(x, z) <-- both(y, w, z), is(x, w), is(x, y);
    some(x, r, z) <-- has(x, r, z);
    some(x, r, z) <-- is(x, y), some(y, r, z);
    some(x, q, z) <-- some(x, r, z), wider(r, q);
    some(x, e, o) <-- some(x, y, z), chained(y, u, e), some(z, u, o);
}

workload! {
    text reads [insert remove] counts [follows shown] writes [];
    relation insert(u32, u32, u32, u32);
    relation remove(u32, u32);
    relation has_child(u32, u32);
    has_child(pc, pn) <-- insert(_, _, pc, pn);
    relation later_child(u32, u32, u32, u32);
    later_child(pc, pn, c2, n2) <--
        insert(c1, n1, pc, pn), insert(c2, n2, pc, pn), if c1 * 8 + n1 > c2 * 8 + n2;
    relation first_child(u32, u32, u32, u32);
    first_child(pc, pn, c, n) <-- insert(c, n, pc, pn), !later_child(pc, pn, c, n);
    relation sibling(u32, u32, u32, u32);
    sibling(c1, n1, c2, n2) <-- insert(c1, n1, pc, pn), insert(c2, n2, pc, pn);
    relation later(u32, u32, u32, u32);
    later(c1, n1, c2, n2) <-- sibling(c1, n1, c2, n2), if c1 * 8 + n1 > c2 * 8 + n2;
    relation much_later(u32, u32, u32, u32);
    much_later(c1, n1, c3, n3) <-- later(c1, n1, c2, n2), later(c2, n2, c3, n3);
    relation next_sibling(u32, u32, u32, u32);
    next_sibling(c1, n1, c2, n2) <-- later(c1, n1, c2, n2), !much_later(c1, n1, c2, n2);
    relation has_next(u32, u32);
    has_next(c, n) <-- later(c, n, _, _);
    relation after(u32, u32, u32, u32);
    after(c, n, nc, nn) <-- next_sibling(c, n, nc, nn);
    after(c, n, nc, nn) <-- insert(c, n, pc, pn), !has_next(c, n), after(pc, pn, nc, nn);
    relation follows(u32, u32, u32, u32);
    follows(pc, pn, c, n) <-- first_child(pc, pn, c, n);
    follows(c, n, nc, nn) <-- after(c, n, nc, nn), !has_child(c, n);
    relation visible(u32, u32);
    visible(c, n) <-- insert(c, n, _, _), !remove(c, n);
    relation blank(u32, u32, u32, u32);
    blank(c, n, nc, nn) <-- follows(c, n, nc, nn), remove(nc, nn);
    blank(c, n, nc, nn) <-- blank(c, n, mc, mn), follows(mc, mn, nc, nn), remove(nc, nn);
    relation shown(u32, u32, u32, u32);
    shown(c, n, nc, nn) <-- visible(c, n), follows(c, n, nc, nn), visible(nc, nn);
    shown(c, n, nc, nn) <--
        visible(c, n), blank(c, n, mc, mn), follows(mc, mn, nc, nn), visible(nc, nn);
}

workload! {
    objects
    reads [alloc copy loads stores call actual formal this class lookup entry]
    counts [points field target reachable] writes [];
    relation alloc(u32, u32, u32);
    relation copy(u32, u32);
    relation loads(u32, u32, u32);
    relation stores(u32, u32, u32);
    relation call(u32, u32, u32, u32);
    relation actual(u32, u32, u32);
    relation formal(u32, u32, u32);
    relation this(u32, u32);
    relation class(u32, u32);
    relation lookup(u32, u32, u32);
    relation entry(u32);
    relation reachable(u32);
    relation points(u32, u32);
    relation field(u32, u32, u32);
    relation assign(u32, u32);
    relation target(u32, u32);
    reachable(m) <-- entry(m);
    reachable(m) <-- target(_, m);
    points(v, h) <-- reachable(m), alloc(v, h, m);
    points(to, h) <-- assign(to, from), points(from, h);
    points(to, h) <-- loads(to, b, f), points(b, g), field(g, f, h);
    field(g, f, h) <-- stores(b, f, from), points(from, h), points(b, g);
    assign(to, from) <-- copy(to, from);
    assign(to, from) <-- target(site, m), formal(m, n, to), actual(site, n, from);
    // One join for the call and for what its `this` points to.
    target(site, callee), points(v, h) <--
        reachable(m), call(b, name, site, m), points(b, h), class(h, t), lookup(t, name, callee), this(callee, v);
}
