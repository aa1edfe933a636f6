//! One text of rules, as a sequential and as a parallel program.

/// `workload!(NAME reads [INPUT…] counts [RELATION…] writes [RELATION…]; RULES)` is a module `NAME` with
/// `run(&Job) -> Counts`. A written relation `out` goes to `out.csv`.
macro_rules! workload {
    ($name:ident reads [$($input:ident)*] counts [$($counted:ident)*] writes [$($written:ident)*]; $($rules:tt)*) => {
        pub mod $name {
            #[allow(unused_imports)]
            use factlog_peers::{Counts, Job, rows::write};

            mod sequential {
                #[allow(unused_imports)]
                use ascent::aggregators::*;
                #[allow(unused_imports)]
                use factlog_peers::names::Name;

                ascent::ascent! { pub struct Program; $($rules)* }
            }

            mod parallel {
                #[allow(unused_imports)]
                use ascent::aggregators::*;
                #[allow(unused_imports)]
                use factlog_peers::names::Name;

                ascent::ascent_par! { pub struct Program; $($rules)* }
            }

            pub fn run(job: &Job) -> Counts {
                if job.threads > 1 {
                    let pool = rayon::ThreadPoolBuilder::new().num_threads(job.threads);
                    pool.build_global().expect("the pool is built once");
                }
                match job.threads {
                    1 => crate::workload::on!(sequential job [$($input)*] [$($counted)*] [$($written)*]),
                    _ => crate::workload::on!(parallel job [$($input)*] [$($counted)*] [$($written)*]),
                }
            }
        }
    };
}

macro_rules! on {
    ($kind:ident $job:ident [$($input:ident)*] [$($counted:ident)*] [$($written:ident)*]) => {{
        let mut program = $kind::Program::default();
        $(program.$input = $job.read(stringify!($input)).into_iter().collect();)*
        program.run();
        $(write(&$job.output, concat!(stringify!($written), ".csv"), program.$written);)*
        vec![$((stringify!($counted), program.$counted.len())),*]
    }};
}

pub(crate) use {on, workload};
