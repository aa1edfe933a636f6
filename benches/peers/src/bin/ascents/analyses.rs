//! Analyses of programs.

use crate::workload::workload;

workload! {
    andersen reads [addressOf assign load store] counts [pointsTo] writes [];
    relation addressOf(u32, u32);
    relation assign(u32, u32);
    relation load(u32, u32);
    relation store(u32, u32);
    relation pointsTo(u32, u32);
    pointsTo(y, x) <-- addressOf(y, x);
    pointsTo(y, x) <-- assign(y, z), pointsTo(z, x);
    pointsTo(y, w) <-- load(y, x), pointsTo(x, z), pointsTo(z, w);
    pointsTo(z, w) <-- store(y, x), pointsTo(y, z), pointsTo(x, w);
}

workload! {
    cspa reads [Assign Dereference] counts [ValueFlow MemoryAlias ValueAlias] writes [];
    relation Assign(u32, u32);
    relation Dereference(u32, u32);
    relation ValueFlow(u32, u32);
    relation MemoryAlias(u32, u32);
    relation ValueAlias(u32, u32);
    ValueFlow(y, x) <-- Assign(y, x);
    ValueFlow(x, y) <-- Assign(x, z), MemoryAlias(z, y);
    ValueFlow(x, y) <-- ValueFlow(x, z), ValueFlow(z, y);
    MemoryAlias(x, w) <-- Dereference(y, x), ValueAlias(y, z), Dereference(z, w);
    ValueAlias(x, y) <-- ValueFlow(z, x), ValueFlow(z, y);
    ValueAlias(x, y) <-- ValueFlow(z, x), MemoryAlias(z, w), ValueFlow(w, y);
    ValueFlow(x, x), MemoryAlias(x, x) <-- Assign(x, _);
    ValueFlow(x, x), MemoryAlias(x, x) <-- Assign(_, x);
}
