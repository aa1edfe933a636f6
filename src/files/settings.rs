//! `factlog.ron`: the settings of a project, all optional.

use std::collections::BTreeMap;
use std::time::Duration;

use ron::extensions::Extensions;
use serde::Deserialize;

use crate::base::codes::project::{BAD_SETTINGS, UNKNOWN_SETTING};
use crate::base::diagnostic::{did_you_mean, nearest};
use crate::base::{Diagnostic, FileId, Limits, Severity, Span, escape, limits};
use crate::syntax;

/// What `factlog.ron` may say.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where things lie.
    pub folders: Folders,
    /// Levels of lints and checks, by code or name.
    pub lints: BTreeMap<String, LintLevel>,
    /// Limits on work.
    pub limits: LimitSettings,
    /// How answers are shown unless flags say otherwise.
    pub view: View,
    /// Whether relations that no rule file declares get their columns from their facts.
    pub infer_schema: bool,
}

/// Folders below the project's.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Folders {
    /// Fact files, `*.ron`.
    pub facts: Vec<String>,
    /// Candidates that nobody has reviewed; below one of `facts` it is passed over.
    pub inbox: String,
    /// Rule files, `*.dl`.
    pub rules: Vec<String>,
    /// Transcripts, `*.repl`.
    pub examples: String,
    /// Transcripts that test the rules, `*.repl`.
    pub tests: String,
    /// Texts of sources, if they are kept in the project.
    pub texts: Option<String>,
}

impl Default for Folders {
    fn default() -> Self {
        Folders {
            facts: vec!["facts".to_owned()],
            inbox: "facts/inbox".to_owned(),
            rules: vec!["rules".to_owned()],
            examples: "repl_examples".to_owned(),
            tests: "tests".to_owned(),
            texts: None,
        }
    }
}

/// What a lint or check does when it finds something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum LintLevel {
    /// Nothing.
    Allow,
    /// A warning.
    Warn,
    /// An error.
    Deny,
}

impl LintLevel {
    /// The severity it gives; `None` for nothing at all.
    pub fn severity(self) -> Option<Severity> {
        match self {
            LintLevel::Allow => None,
            LintLevel::Warn => Some(Severity::Warning),
            LintLevel::Deny => Some(Severity::Error),
        }
    }
}

/// Limits; what is left out keeps its default.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitSettings {
    /// Rows that rules may produce.
    pub rows: Option<u64>,
    /// Rounds of one fixpoint.
    pub rounds: Option<u64>,
    /// Seconds of one evaluation.
    pub seconds: Option<f64>,
    /// Bytes of derived relations.
    pub memory: Option<u64>,
    /// Bytes of one file.
    pub file_bytes: Option<u64>,
}

/// What `view.format` may be: the names of the formats of answers.
pub const FORMATS: [&str; 8] = ["table", "csv", "tsv", "json", "jsonl", "md", "html", "ron"];

/// How answers are shown.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct View {
    /// The format of answers where neither `-f` nor a file's name tells one.
    pub format: Option<String>,
}

impl Settings {
    /// Reads the text of `factlog.ron`; an empty or comment-only text gives the defaults.
    pub fn parse(text: &str, file: FileId) -> Result<Settings, Diagnostic> {
        let parsed = syntax::ron::parse(file, text);
        if let Some(error) = parsed.diagnostics.into_iter().find(Diagnostic::is_error) {
            return Err(error);
        }
        let Some(root) = parsed.tree.root() else { return Ok(Settings::default()) };
        let body = text.strip_prefix('\u{feff}').unwrap_or(text);
        let skipped = text.len() - body.len();
        let options = ron::Options::default()
            .with_default_extension(Extensions::IMPLICIT_SOME)
            .with_recursion_limit(limits::MAX_NESTING);
        let settings: Settings =
            options.from_str(body).map_err(|error| refusal(body, skipped, file, &error))?;
        settings.validate(root)?;
        Ok(settings)
    }

    /// The limits on evaluation.
    pub fn limits(&self) -> Limits {
        let default = Limits::default();
        Limits {
            rows: self.limits.rows.or(default.rows),
            rounds: self.limits.rounds.or(default.rounds),
            time: self.limits.seconds.and_then(|s| Duration::try_from_secs_f64(s).ok()).or(default.time),
            memory: self.limits.memory.or(default.memory),
        }
    }

    /// The limit on the size of one file, in bytes.
    pub fn max_file_bytes(&self) -> u64 {
        // Offsets in files are 32 bits wide, so a setting may lower the limit but not lift it.
        self.limits.file_bytes.unwrap_or(limits::MAX_FILE_BYTES).min(limits::MAX_FILE_BYTES)
    }

    /// What has the right type and yet is wrong, at its place below `root`.
    fn validate(&self, root: syntax::ron::Node<'_>) -> Result<(), Diagnostic> {
        let refuse = |group: &str, name: &str, message: String| {
            let place = root.field(group).and_then(|group| group.field(name)).unwrap_or(root);
            Diagnostic::new(BAD_SETTINGS, message).at(place.span())
        };
        if let Some(seconds) = self.limits.seconds
            && Duration::try_from_secs_f64(seconds).is_err()
        {
            let message = format!("`limits.seconds` is {seconds}, which is no length of time");
            return Err(refuse("limits", "seconds", message));
        }
        if let Some(format) = &self.view.format
            && !FORMATS.contains(&format.as_str())
        {
            let message =
                format!("`view.format` is {}, which is no format of answers", escape::quoted(format));
            return Err(refuse("view", "format", message)
                .note(format!("the formats are {}", FORMATS.join(", ")))
                .help_opt(did_you_mean(&nearest(format, FORMATS))));
        }
        Ok(())
    }
}

fn refusal(text: &str, skipped: usize, file: FileId, error: &ron::error::SpannedError) -> Diagnostic {
    let start = offset_of(text, error.span.start.line, error.span.start.col);
    let end = offset_of(text, error.span.end.line, error.span.end.col).max(start);
    let span = Span::new(file, start + skipped, end + skipped);
    match &error.code {
        ron::Error::NoSuchStructField { expected, found, .. } => {
            let near = nearest(found, expected.iter().copied());
            let known: Vec<String> = expected.iter().map(|name| format!("`{name}`")).collect();
            Diagnostic::new(UNKNOWN_SETTING, format!("there is no setting `{found}`"))
                .at(span)
                .note(format!("the settings here are {}", known.join(", ")))
                .help_opt(did_you_mean(&near))
        }
        code => {
            let message = code.to_string();
            let mut chars = message.chars();
            let message: String =
                chars.next().into_iter().flat_map(char::to_lowercase).chain(chars).collect();
            Diagnostic::new(BAD_SETTINGS, format!("the settings cannot be read: {message}")).at(span)
        }
    }
}

/// Byte offset of a line and a column, both from 1, columns in characters.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let rest = text.get(start..).unwrap_or("");
    let within = rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(at, _)| at);
    (start + within).min(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Settings, Diagnostic> {
        Settings::parse(text, FileId(0))
    }

    #[test]
    fn everything_is_optional() {
        for text in ["", "// nothing yet\n", "/* nor here */", "()", "\u{feff}()"] {
            assert_eq!(parse(text).unwrap(), Settings::default(), "{text:?}");
        }
        let settings = parse(
            r#"(
                folders: (facts: ["facts", "more"], texts: "articles"),
                lints: {"conflict": Deny, "FL501": Allow},
                limits: (rows: 1000, seconds: 2.5),
                view: (format: "json"),
                infer_schema: true,
            )"#,
        )
        .unwrap();
        assert_eq!(settings.folders.facts, ["facts", "more"]);
        assert_eq!(settings.folders.rules, ["rules"]);
        assert_eq!(settings.folders.texts.as_deref(), Some("articles"));
        assert_eq!(settings.lints["conflict"].severity(), Some(Severity::Error));
        assert_eq!(settings.lints["FL501"].severity(), None);
        assert_eq!(settings.limits().rows, Some(1000));
        assert_eq!(settings.limits().time, Some(Duration::from_millis(2500)));
        assert_eq!(settings.limits().rounds, Limits::default().rounds);
        assert_eq!(settings.view.format.as_deref(), Some("json"));
        assert!(settings.infer_schema);
    }

    #[test]
    fn an_unknown_setting_gets_the_nearest_name() {
        // What this version does not do is no setting: nothing would come of it.
        assert_eq!(parse("(view: (under: \"_conf >= 0.5\"))").unwrap_err().code, "FL058");
        let text = "(\n    infer_shema: true,\n)";
        let error = parse(text).unwrap_err();
        assert_eq!(error.code, "FL058");
        assert_eq!(error.help, ["did you mean `infer_schema`?"]);
        let span = error.span().unwrap();
        assert!(text[..span.start as usize].lines().count() <= 2, "{span:?}");
    }

    #[test]
    fn wrong_values_are_refused() {
        for text in [
            "(infer_schema: 1)",
            "(lints: {\"x\": Loud})",
            "(limits: (seconds: -1.0))",
            "(limits: (rows: -3))",
        ] {
            assert_eq!(parse(text).unwrap_err().code, "FL057", "{text}");
        }
        let text = "(view: (format: \"cvs\"))";
        let error = parse(text).unwrap_err();
        assert_eq!(
            (error.code.as_str(), error.help.as_slice()),
            ("FL057", &["did you mean `csv`?".to_owned()][..])
        );
        assert_eq!(error.span().map(|span| &text[span.range()]), Some("\"cvs\""));
    }

    #[test]
    fn what_is_wrong_with_a_fact_file_is_wrong_with_settings() {
        for text in ["[", "<<<<<<< a\n()\n=======\n()\n>>>>>>> b\n", "(lints: {\"a\": Deny, \"a\": Allow})"] {
            let error = parse(text).unwrap_err();
            assert!(error.code.as_str() < "FL050", "{text}: {}", error.code);
        }
    }

    #[test]
    fn the_file_limit_can_only_be_lowered() {
        assert_eq!(parse("(limits: (file_bytes: 10))").unwrap().max_file_bytes(), 10);
        assert_eq!(
            parse("(limits: (file_bytes: 99999999999))").unwrap().max_file_bytes(),
            limits::MAX_FILE_BYTES
        );
    }
}
