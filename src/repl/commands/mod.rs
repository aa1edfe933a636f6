//! The `:commands`: their table, and finding the one that was meant.

mod change;
mod explain;
mod help;
mod scenario;
mod show;
mod support;
mod view;

use std::io;

pub(super) use change::reloaded;

use super::console::Console;
use super::entry;
use super::shell::{Done, Shell};
use crate::base::Diagnostic;
use crate::base::codes::project as codes;
use crate::base::diagnostic::{did_you_mean, nearest};
use crate::syntax::datalog::DIRECTIVES;

/// What a command's argument is, for completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Argument {
    /// None.
    Nothing,
    /// The name of a command.
    Command,
    /// The name of a relation.
    Relation,
    /// The name of a relation or an id.
    RelationOrId,
    /// The id of a source.
    Source,
    /// A goal.
    Goal,
    /// Options of a scenario.
    Scenario,
    /// A file.
    File,
    /// One of some words.
    OneOf(&'static [&'static str]),
}

type Run = fn(&mut Shell, &mut Console, &str) -> io::Result<Done>;

/// A command.
pub(super) struct Command {
    pub name: &'static str,
    /// The arguments as help shows them: `[REL]`.
    pub usage: &'static str,
    pub argument: Argument,
    pub summary: &'static str,
    /// What there is to say beyond the summary.
    pub more: &'static str,
    pub examples: &'static [&'static str],
    run: Run,
}

const ON_OFF: Argument = Argument::OneOf(&["off", "on"]);

/// All commands, in the order in which help lists them.
pub(super) static COMMANDS: &[Command] = &[
    Command {
        name: "help",
        usage: "[CMD]",
        argument: Argument::Command,
        summary: "what can be typed, or what a command does",
        more: "",
        examples: &[":help why"],
        run: help::help,
    },
    Command {
        name: "relations",
        usage: "",
        argument: Argument::Nothing,
        summary: "list the relations with their facts and rules",
        more: "`stated` counts the distinct tuples stated in fact files and in this session.",
        examples: &[],
        run: show::relations,
    },
    Command {
        name: "schema",
        usage: "[REL]",
        argument: Argument::Relation,
        summary: "show declarations",
        more: "",
        examples: &[":schema Attended"],
        run: show::schema,
    },
    Command {
        name: "rules",
        usage: "[REL]",
        argument: Argument::Relation,
        summary: "show the rules of a relation, or all",
        more: "Without REL the definitions of this session come last.",
        examples: &[":rules Met"],
        run: show::rules,
    },
    Command {
        name: "facts",
        usage: "REL|ID",
        argument: Argument::RelationOrId,
        summary: "show facts of a relation, or all that mention an id",
        more: "Each assertion is a line, as a fact file writes it, with its place.",
        examples: &[":facts Attended", r#":facts "tokayev""#],
        run: show::facts,
    },
    Command {
        name: "source",
        usage: "ID",
        argument: Argument::Source,
        summary: "show a source and what it states",
        more: "",
        examples: &[":source reuters_2025_10_28"],
        run: show::source,
    },
    Command {
        name: "why",
        usage: "[N|FACT]",
        argument: Argument::Goal,
        summary: "show why a row of the last answer, or a fact, holds",
        more: "Without an argument the first row; what FACT leaves out is any. Each step has its rule or \
               its source, and is checked before it is shown.",
        examples: &[":why", ":why 3", r#":why Met(a: "ann", b: "bob")"#],
        run: explain::why,
    },
    Command {
        name: "whynot",
        usage: "FACT",
        argument: Argument::Goal,
        summary: "show why a fact does not hold, and which facts are missing",
        more: "What FACT leaves out is any. Each set of missing facts has been tried.",
        examples: &[r#":whynot Met(a: "ann", b: "bob")"#],
        run: explain::whynot,
    },
    Command {
        name: "support",
        usage: "[N|FACT]",
        argument: Argument::Goal,
        summary: "say which sources a row of the last answer or a fact rests on",
        more: "Without an argument it is the first row. `factlog support --without SOURCE` says what falls \
               without a source.",
        examples: &[":support 2", r#":support Met(a: "ann", b: "bob")"#],
        run: support::support,
    },
    Command {
        name: "conflicts",
        usage: "[REL]",
        argument: Argument::Relation,
        summary: "show facts that cannot be true together",
        more: "Two tuples of one key conflict when both cannot be true. Both stay.",
        examples: &[":conflicts Office"],
        run: show::conflicts,
    },
    Command {
        name: "check",
        usage: "",
        argument: Argument::Nothing,
        summary: "run all checks and lints over the base and this session",
        more: "",
        examples: &[],
        run: show::check,
    },
    Command {
        name: "plan",
        usage: "GOAL",
        argument: Argument::Goal,
        summary: "show how a goal is evaluated",
        more: "",
        examples: &[r#":plan Met(a: "ann", b: x)"#],
        run: show::plan,
    },
    Command {
        name: "profile",
        usage: "[GOAL]",
        argument: Argument::Goal,
        summary: "say where time and tuples went, rule by rule",
        more: "Without GOAL the last query is run once more.",
        examples: &[":profile Met(a: x, b: y)"],
        run: show::profile,
    },
    Command {
        name: "under",
        usage: "OPTIONS|off",
        argument: Argument::Scenario,
        summary: "ask everything in a scenario, until `:under off`",
        more: "The options are as_of, without, assume, retract, _status, _conf, _by and _review. `:under` \
               alone shows the scenario.",
        examples: &[
            r#":under as_of: d"2025-10-28""#,
            r#":under without: "reuters_2025_10_28", _status >= Confirmed"#,
            ":under off",
        ],
        run: scenario::under,
    },
    Command {
        name: "load",
        usage: "FILE",
        argument: Argument::File,
        summary: "add the facts (.ron) or rules (.dl) of a file to the session",
        more: "With one mistake in the file nothing of it is added.",
        examples: &[":load more/people.ron"],
        run: change::load,
    },
    Command {
        name: "reload",
        usage: "",
        argument: Argument::Nothing,
        summary: "read the project's files again and forget the session's steps",
        more: "When the files have errors everything stays as it is. `:save` keeps the steps first.",
        examples: &[],
        run: change::reload,
    },
    Command {
        name: "watch",
        usage: "on|off",
        argument: ON_OFF,
        summary: "reload by itself when files change",
        more: "",
        examples: &[":watch on"],
        run: view::watch,
    },
    Command {
        name: "save",
        usage: "FILE",
        argument: Argument::File,
        summary: "write what was added in this session: facts (.ron) or rules (.dl)",
        more: "A file that is there already is never overwritten.",
        examples: &[":save facts/found.ron", ":save rules/mine.dl"],
        run: change::save,
    },
    Command {
        name: "undo",
        usage: "",
        argument: Argument::Nothing,
        summary: "take back the last step: an assertion, a retraction, a rule, a loaded file",
        more: "",
        examples: &[],
        run: change::undo,
    },
    Command {
        name: "mode",
        usage: "FMT",
        argument: Argument::OneOf(&["csv", "html", "json", "jsonl", "md", "ron", "table", "tsv"]),
        summary: "show answers as table, csv, tsv, json, jsonl, md, html or ron",
        more: "",
        examples: &[":mode json"],
        run: view::mode,
    },
    Command {
        name: "output",
        usage: "FILE|off",
        argument: Argument::File,
        summary: "write the answers that follow to a file, or to the screen again",
        more: "The file's extension says the format (.csv, .json, …), otherwise `:mode` does. What the file \
               held before is replaced.",
        examples: &[":output answers.csv", ":output off"],
        run: view::output,
    },
    Command {
        name: "timer",
        usage: "on|off",
        argument: ON_OFF,
        summary: "show how long answers took",
        more: "",
        examples: &[":timer on"],
        run: view::timer,
    },
    Command {
        name: "limit",
        usage: "N|off",
        argument: Argument::OneOf(&["off"]),
        summary: "show at most N rows of an answer",
        more: "This is about showing: a goal's own `limit N` says how many rows it has.",
        examples: &[":limit 50", ":limit off"],
        run: view::limit,
    },
    Command {
        name: "edit",
        usage: "",
        argument: Argument::Nothing,
        summary: "edit the last input in $VISUAL or $EDITOR, then run it",
        more: "What comes back unchanged is not run.",
        examples: &[],
        run: change::edit,
    },
    Command {
        name: "history",
        usage: "",
        argument: Argument::Nothing,
        summary: "list what was typed",
        more: "",
        examples: &[],
        run: show::history,
    },
    Command {
        name: "set",
        usage: "[NAME VALUE]",
        argument: Argument::OneOf(&view::SETTINGS),
        summary: "show the settings, or change one",
        more: "rows, seconds and memory limit an evaluation.",
        examples: &[":set seconds 2.5", ":set memory 2G", ":set rows off", ":set annotate conf,sources"],
        run: view::set,
    },
    Command {
        name: "quit",
        usage: "",
        argument: Argument::Nothing,
        summary: "leave (as Ctrl-D does)",
        more: "",
        examples: &[],
        run: |_, _, _| Ok(Done { status: 0, quit: true }),
    },
];

/// The command of that name.
pub(super) fn find(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == name)
}

/// A command line cut into the command's name, without its colon, and the rest.
pub(super) fn split(input: &str) -> (&str, &str) {
    let text = input.trim();
    let text = text.strip_prefix(':').unwrap_or(text).trim_start();
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    (name, rest.trim())
}

/// Whether an input is a command of another tool's habit, `.rules`, and no directive.
pub(super) fn dotted(input: &str) -> bool {
    let text = input.trim();
    let word = text.split_whitespace().next().unwrap_or("");
    let Some(name) = word.strip_prefix('.').filter(|name| !name.is_empty()) else { return false };
    let one_word = word.len() == text.len() || find(name).is_some();
    one_word
        && !DIRECTIVES.contains(&word)
        && nearest(word, DIRECTIVES.iter().copied()).is_empty()
        && (find(name).is_some() || !nearest(name, names()).is_empty() || entry::habit(text).is_some())
}

fn names() -> impl Iterator<Item = &'static str> {
    COMMANDS.iter().map(|command| command.name)
}

/// Runs a command.
///
/// # Errors
/// Those of the console.
pub(super) fn run(shell: &mut Shell, console: &mut Console, input: &str) -> io::Result<Done> {
    let (name, rest) = split(input);
    let known = input.trim_start().starts_with(':').then(|| find(name)).flatten();
    match known {
        Some(command) if command.argument == Argument::Nothing && !rest.is_empty() => {
            let message = format!("`:{}` takes no argument", command.name);
            shell.told(console, Err(Diagnostic::new(codes::BAD_COMMAND, message)))
        }
        Some(command) => (command.run)(shell, console, rest),
        None => {
            let diagnostic = unknown(input.trim());
            shell.told(console, Err(diagnostic))
        }
    }
}

/// A diagnostic for what is no command, with what was meant.
fn unknown(text: &str) -> Diagnostic {
    let word = text.split_whitespace().next().unwrap_or(text);
    let name = word.trim_start_matches([':', '.', '\\']);
    let habit = [text, word, name].into_iter().find_map(entry::habit);
    let meant: Vec<&str> = match habit.or_else(|| other_name(name)) {
        Some(meant) => meant.to_vec(),
        None if find(name).is_some() => vec![name],
        None => match nearest(name, names()) {
            near if near.is_empty() => {
                names().filter(|known| !name.is_empty() && known.starts_with(name)).collect()
            }
            near => near,
        },
    };
    let meant: Vec<String> = meant.iter().map(|name| format!(":{name}")).collect();
    let meant: Vec<&str> = meant.iter().map(String::as_str).collect();
    let word = crate::base::escape::printable(word).into_owned();
    let help = did_you_mean(&meant).unwrap_or_else(|| "`:help` lists the commands".to_owned());
    Diagnostic::new(codes::UNKNOWN_COMMAND, format!("unknown command `{word}`")).help(help)
}

/// What a command is called elsewhere.
fn other_name(name: &str) -> Option<&'static [&'static str]> {
    Some(match name {
        "desc" | "describe" | "columns" => &["schema"],
        "tables" | "ls" | "list" => &["relations"],
        "format" => &["mode"],
        "explain" => &["why", "plan"],
        "assume" | "without" | "scenario" => &["under"],
        "write" => &["save"],
        "time" | "timing" => &["timer"],
        _ => return None,
    })
}

/// A diagnostic for arguments that a command does not take.
fn usage(name: &str, message: impl Into<String>) -> Diagnostic {
    let usage = find(name).map_or("", |command| command.usage);
    Diagnostic::new(codes::BAD_COMMAND, message).help(format!("usage: `:{name} {usage}`"))
}

/// An argument that may stand in quotes, as paths do.
fn unquoted(text: &str) -> &str {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inner.unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_is_a_name_and_the_rest() {
        assert_eq!(split(":rules  Met "), ("rules", "Met"));
        assert_eq!(split(" :facts\"x\""), ("facts", "\"x\""));
        assert_eq!(split(":"), ("", ""));
    }

    fn help_of(text: &str) -> String {
        unknown(text).help.join(" ")
    }

    #[test]
    fn habits_and_typos_are_answered_with_what_was_meant() {
        assert_eq!(help_of(":ruls"), "did you mean `:rules`?");
        assert_eq!(help_of(":rel"), "did you mean `:reload` or `:relations`?");
        assert_eq!(help_of(":relatons"), "did you mean `:relations`?");
        assert_eq!(help_of(".rules"), "did you mean `:rules`?");
        assert!(help_of("\\d").starts_with("did you mean `:rules`"));
        assert_eq!(help_of("help"), "did you mean `:help`?");
        assert_eq!(help_of("exit()"), "did you mean `:quit`?");
        assert_eq!(help_of("quit"), "did you mean `:quit`?");
        assert_eq!(help_of(":exit"), "did you mean `:quit`?");
        assert_eq!(help_of(":zzzzz"), "`:help` lists the commands");
    }

    #[test]
    fn a_dotted_command_is_told_from_a_directive() {
        assert!(dotted(".rules") && dotted(".rules Met") && dotted(".relatons") && dotted(".tables"));
        assert!(!dotted(".decl A(x: number)") && !dotted(".dcl A(x: number)") && !dotted(".5 < x"));
        assert!(!dotted(".output A"));
    }

    #[test]
    fn every_command_can_be_found_and_has_help() {
        for command in COMMANDS {
            assert!(std::ptr::eq(find(command.name).unwrap(), command));
            assert!(!command.summary.is_empty());
            for example in command.examples {
                assert_eq!(split(example).0, command.name);
            }
        }
    }
}
