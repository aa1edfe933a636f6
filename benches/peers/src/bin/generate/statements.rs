//! Statements of programs, for analyses.

use factlog_peers::random::Random;

use crate::Input;

/// 6 000 modules of 60 variables; few assignments cross to the next module.
pub fn pointers(input: &mut Input) {
    const MODULES: u32 = 6_000;
    const VARIABLES: u32 = 60;
    const ALL: u32 = MODULES * VARIABLES;
    let random = &mut input.random;
    let mut statements = |count: u32, crossing: f64| -> Vec<(u32, u32)> {
        (0..count)
            .map(|_| {
                let module = random.below(MODULES);
                let other = if random.chance(crossing) { (module + 1).min(MODULES - 1) } else { module };
                (module * VARIABLES + random.below(VARIABLES), other * VARIABLES + random.below(VARIABLES))
            })
            .collect()
    };
    let address_of = statements(ALL / 2, 0.0);
    let assign = statements(ALL / 100 * 55, 0.02);
    let load = statements(ALL / 5, 0.0);
    let store = statements(ALL / 5, 0.0);
    input.set("addressOf", address_of);
    input.set("assign", assign);
    input.set("load", load);
    input.set("store", store);
}

/// 10⁵ assignments and 10⁵ dereferences of a C program: small functions, whose variables are assigned to each other
/// in short chains and stars, and pointers of which each is dereferenced to one place.
pub fn aliases(input: &mut Input) {
    const COUNT: usize = 100_000;
    let random = &mut input.random;
    let mut assign = Vec::new();
    let mut next = 0;
    while assign.len() < COUNT {
        let size = cluster(random);
        for variable in 1..size {
            // One in three goes on from the variable before, the others start from the first ones of the cluster.
            let from = if random.chance(0.3) { variable - 1 } else { random.below(variable.min(4)) };
            let (low, high) = (next + from, next + variable);
            assign.push(if random.chance(0.45) { (low, high) } else { (high, low) });
        }
        next += size;
    }
    assign.truncate(COUNT);
    let pointers = random.permutation(next + next / 2);
    let places = random.permutation(next + next / 2);
    let mut dereference: Vec<(u32, u32)> = Vec::new();
    for (pointer, place) in pointers.into_iter().zip(places).take(COUNT) {
        if pointer != place {
            dereference.push((pointer, place));
        }
    }
    input.set("Assign", assign);
    input.set("Dereference", dereference);
}

/// Sizes of sets of variables that are assigned to each other: pairs mostly, hundreds seldom.
fn cluster(random: &mut Random) -> u32 {
    match random.below(1000) {
        0..=699 => 2,
        700..=899 => 3 + random.below(3),
        900..=989 => 6 + random.below(10),
        990..=998 => 16 + random.below(60),
        _ => 100 + random.below(400),
    }
}
