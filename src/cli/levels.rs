//! `-W`, `-D` and `-A`: the levels of lints and checks, as the command line sets them.

use clap::{ArgMatches, Args};

use crate::base::diagnostic::{did_you_mean, nearest};
use crate::base::{Diagnostic, Severity, codes, escape};
use crate::files::LintLevel;
use crate::session::Levels;

/// Levels by code or name.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Levels")]
pub struct LevelArgs {
    /// Make CODE a warning
    #[arg(short = 'W', long = "warn", value_name = "CODE")]
    warn: Vec<String>,
    /// Make CODE an error
    #[arg(short = 'D', long = "deny", value_name = "CODE")]
    deny: Vec<String>,
    /// Say nothing of CODE
    #[arg(short = 'A', long = "allow", value_name = "CODE")]
    allow: Vec<String>,
    /// Treat warnings as errors
    #[arg(long)]
    pub deny_warnings: bool,
}

impl LevelArgs {
    /// The levels in the order of the command line, which `matches` knows.
    pub fn ordered(&self, matches: &ArgMatches) -> Levels {
        let groups = [
            ("warn", LintLevel::Warn, &self.warn),
            ("deny", LintLevel::Deny, &self.deny),
            ("allow", LintLevel::Allow, &self.allow),
        ];
        let mut levels: Vec<(usize, String, LintLevel)> = Vec::new();
        for (id, level, names) in groups {
            let indices = matches.indices_of(id).into_iter().flatten();
            levels.extend(indices.zip(names).map(|(index, name)| (index, name.clone(), level)));
        }
        levels.sort_by_key(|(index, ..)| *index);
        Levels(levels.into_iter().map(|(_, name, level)| (name, level)).collect())
    }
}

/// Refuses codes that nothing has, and errors that cannot be lowered because nothing loads with
/// them. `checks` are the names of the project's own checks.
///
/// # Errors
/// One message for each, without a full stop.
pub fn validate<'a>(
    levels: impl IntoIterator<Item = (&'a str, LintLevel)>,
    checks: &[&str],
) -> Result<(), Vec<String>> {
    let mut refused = Vec::new();
    for (name, level) in levels {
        if checks.contains(&name) {
            continue;
        }
        let Some(info) = codes::find(name) else {
            let names = codes::all().flat_map(|info| [info.code, info.name]).chain(checks.iter().copied());
            let hint =
                did_you_mean(&nearest(name, names)).unwrap_or("`factlog rule` lists the codes".to_owned());
            refused.push(format!("there is no code, lint or check `{}`; {hint}", escape::printable(name)));
            continue;
        };
        if info.severity == Severity::Error && level != LintLevel::Deny && !is_finding(info.code) {
            refused
                .push(format!("nothing loads with {} ({}), so it has no other level", info.code, info.name));
        }
    }
    if refused.is_empty() { Ok(()) } else { Err(refused) }
}

/// Makes errors of warnings.
pub fn deny_warnings(findings: &mut [Diagnostic]) {
    for finding in findings {
        if finding.severity == Severity::Warning {
            finding.severity = Severity::Error;
        }
    }
}

/// Whether a base can load and still have a diagnostic of this code: those that the facts as a
/// whole raise, and the lints.
fn is_finding(code: &str) -> bool {
    ("FL420".."FL600").contains(&code)
}

#[cfg(test)]
mod tests {
    use clap::{Command, FromArgMatches};

    use super::*;

    fn levels(line: &str) -> Levels {
        let command = LevelArgs::augment_args(Command::new("check"));
        let matches = command.get_matches_from(std::iter::once("check").chain(line.split_whitespace()));
        LevelArgs::from_arg_matches(&matches).unwrap().ordered(&matches)
    }

    fn validated(line: &str) -> Result<(), Vec<String>> {
        let levels = levels(line);
        validate(levels.0.iter().map(|(name, level)| (name.as_str(), *level)), &["two_holders"])
    }

    #[test]
    fn levels_keep_the_order_of_the_command_line() {
        let pairs = |line| levels(line).0;
        let (a, b) = ("a".to_owned(), "b".to_owned());
        assert_eq!(
            pairs("-A a -D b -W a --deny=a"),
            [
                (a.clone(), LintLevel::Allow),
                (b, LintLevel::Deny),
                (a.clone(), LintLevel::Warn),
                (a, LintLevel::Deny)
            ]
        );
        assert_eq!(pairs(""), []);
    }

    #[test]
    fn unknown_codes_and_errors_that_stop_loading_are_refused() {
        assert_eq!(validated("-A conflict -D fl422 -A unresolved-reference -W two_holders -D FL400"), Ok(()));
        let refused = validated("-D conflct -A two_holder -A FL400").unwrap_err();
        assert_eq!(refused.len(), 3);
        assert!(refused.iter().any(|text| text.contains("did you mean `conflict`?")), "{refused:?}");
        assert!(refused.iter().any(|text| text.contains("did you mean `two_holders`?")), "{refused:?}");
        assert!(refused.iter().any(|text| text.contains("nothing loads with FL400")), "{refused:?}");
    }
}
