//! Paths, generations and cliques.

use crate::workload::workload;

workload! {
    tc reads [edge] counts [tc] writes [];
    relation edge(u32, u32);
    relation tc(u32, u32);
    tc(x, y) <-- edge(x, y);
    tc(x, z) <-- tc(x, y), edge(y, z);
}

workload! {
    sg reads [edge] counts [sg] writes [];
    relation edge(u32, u32);
    relation sg(u32, u32);
    sg(x, y) <-- edge(p, x), edge(p, y), if x != y;
    sg(x, y) <-- edge(a, x), sg(a, b), edge(b, y);
}

workload! {
    tri reads [edge] counts [tri] writes [];
    relation edge(u32, u32);
    relation tri(u32, u32, u32);
    tri(x, y, z) <-- edge(x, y), edge(y, z), edge(x, z);
}

workload! {
    clq4 reads [edge] counts [clq] writes [];
    relation edge(u32, u32);
    relation clq(u32, u32, u32, u32);
    clq(x, y, z, u) <-- edge(x, y), edge(y, z), edge(x, z), edge(z, u), edge(x, u), edge(y, u);
}
