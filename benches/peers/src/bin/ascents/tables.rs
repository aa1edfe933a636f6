//! Negation, aggregates, and results that are written.

use crate::workload::workload;

workload! {
    neg reads [edge node source grp] counts [reach unreached cnt] writes [];
    relation edge(u32, u32);
    relation node(u32);
    relation source(u32);
    relation grp(u32, u32);
    relation reach(u32);
    reach(x) <-- source(x);
    reach(y) <-- reach(x), edge(x, y);
    relation unreached(u32);
    unreached(x) <-- node(x), !reach(x);
    relation rg(u32, u32);
    rg(g, x) <-- reach(x), grp(x, g);
    // Each group once; the count would be asked for again for each row of `rg`.
    relation group(u32);
    group(g) <-- rg(g, _);
    relation cnt(u32, usize);
    cnt(g, c) <-- group(g), agg c = count() in rg(g, _);
}

workload! {
    load reads [r s] counts [] writes [out];
    relation r(u32, u32);
    relation s(u32, u32);
    relation out(u32, u32);
    out(a, c) <-- s(b, c), r(a, b);
}
