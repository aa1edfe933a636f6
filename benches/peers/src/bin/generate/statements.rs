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

/// 10⁵ assignments and 10⁵ dereferences of a C program: variables are assigned to few others, near by and in short
/// chains; each pointer is dereferenced to one place, which seldom is assigned anything itself.
pub fn aliases(input: &mut Input) {
    const COUNT: usize = 100_000;
    let random = &mut input.random;
    let mut assign: Vec<(u32, u32)> = Vec::new();
    let mut variables = 0;
    while assign.len() < COUNT {
        let from = nearby(random, 0.1, &mut variables);
        for _ in 0..assignments(random) {
            let to = nearby(random, 0.1, &mut variables);
            if to != from {
                assign.push((from, to));
            }
        }
    }
    assign.truncate(COUNT);

    let mut fresh = variables;
    let mut another = || {
        fresh += 1;
        fresh - 1
    };
    let mut unused = random.permutation(variables).into_iter();
    let mut taken = vec![false; variables as usize];
    let mut dereference = Vec::new();
    while dereference.len() < COUNT {
        let pointer = if random.chance(0.72) { unused.next() } else { None }.unwrap_or_else(&mut another);
        let near = match pointer {
            known if known < variables => (known + random.below(600)).saturating_sub(300).min(variables - 1),
            _ => random.below(variables),
        };
        let free = near != pointer && !taken[near as usize];
        let place = if free && random.chance(0.31) { near } else { another() };
        if let Some(taken) = taken.get_mut(place as usize) {
            *taken = true;
        }
        dereference.push((pointer, place));
    }
    input.set("Assign", assign);
    input.set("Dereference", dereference);
}

/// A new variable, or with some probability one of the latest.
fn nearby(random: &mut Random, again: f64, variables: &mut u32) -> u32 {
    if *variables > 0 && random.chance(again) {
        return *variables - 1 - random.below((*variables).min(40));
    }
    *variables += 1;
    *variables - 1
}

/// How often a variable is assigned to others: once as a rule, dozens of times seldom.
fn assignments(random: &mut Random) -> u32 {
    match random.below(1000) {
        0..=884 => 1,
        885..=947 => 2,
        948..=972 => 3,
        973..=989 => 4 + random.below(6),
        _ => 10 + random.below(32),
    }
}
