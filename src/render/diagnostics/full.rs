//! Diagnostics as rustc shows them: message, excerpts with carets, notes, help, the fix applied.

use annotate_snippets::renderer::{
    DEFAULT_ERROR_STYLE, DEFAULT_INFO_STYLE, DEFAULT_TERM_WIDTH, DEFAULT_WARNING_STYLE, Style,
};
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Patch, Renderer, Snippet};

use super::excerpt::{Excerpt, excerpts};
use super::{DiagnosticStyle, Place};
use crate::base::{Diagnostic, Fix, Label, Severity, SourceMap, escape};

/// Marks where a place goes: this, the place's index, then the renderer's own line and column,
/// which [`fill_in`] replaces. The renderer counts columns in the excerpt, where tabs and controls
/// are wider than in the file. No escaped text contains the character.
const MARK: char = '\u{200e}';

/// The style of a severity's name.
pub(super) fn severity_style(severity: Severity) -> Style {
    match severity {
        Severity::Error => DEFAULT_ERROR_STYLE,
        Severity::Warning => DEFAULT_WARNING_STYLE,
        Severity::Info => DEFAULT_INFO_STYLE,
    }
}

pub(super) fn render(diagnostics: &[Diagnostic], sources: &SourceMap, style: DiagnosticStyle) -> String {
    let renderer = if style.color { Renderer::styled() } else { Renderer::plain() };
    // Too narrow an excerpt shows nothing at all.
    let renderer = renderer.term_width(style.width.unwrap_or(DEFAULT_TERM_WIDTH).max(40));
    let mut out = String::new();
    for diagnostic in diagnostics {
        if !out.is_empty() {
            out.push('\n');
        }
        let mut places = Vec::new();
        let report = report(diagnostic, sources, &mut places);
        fill_in(&mut out, &renderer.render(&report), &places);
        out.push('\n');
    }
    out
}

/// Appends `text` with its marks replaced by the places.
fn fill_in(out: &mut String, text: &str, places: &[Place]) {
    let mut parts = text.split(MARK);
    out.push_str(parts.next().unwrap_or(""));
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit() && c != ':').unwrap_or(part.len());
        let (mark, rest) = part.split_at(end);
        let index = mark.split(':').next().and_then(|index| index.parse::<usize>().ok());
        if let Some(place) = index.and_then(|index| places.get(index)) {
            out.push_str(&place.to_string());
        }
        out.push_str(rest);
    }
}

fn report<'a>(diagnostic: &'a Diagnostic, sources: &SourceMap, places: &mut Vec<Place>) -> Vec<Group<'a>> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let title =
        level.primary_title(escape::printable(&diagnostic.message)).id(escape::printable(&diagnostic.code));
    let mut group = Group::with_title(title);
    for excerpt in excerpts(diagnostic.primary.as_ref(), &diagnostic.secondary, sources) {
        let mark = format!("{MARK}{}", places.len());
        places.push(Place::of(excerpt.origin, sources));
        group = group.element(snippet(excerpt).path(mark));
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(lines(note)));
    }
    let suggestion = diagnostic.fix.as_ref().and_then(|fix| suggestion(fix, sources));
    for help in &diagnostic.help {
        // The suggestion says it again, with the text that comes out.
        let repeated =
            suggestion.is_some() && diagnostic.fix.as_ref().is_some_and(|fix| fix.message == *help);
        if !repeated {
            group = group.element(Level::HELP.message(lines(help)));
        }
    }
    std::iter::once(group).chain(suggestion).collect()
}

fn snippet<'a>(excerpt: Excerpt) -> Snippet<'a, Annotation<'a>> {
    let marks = excerpt.marks.into_iter().map(|mark| {
        let kind = if mark.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
        let label = (!mark.message.is_empty()).then(|| escape::printable(&mark.message).into_owned());
        kind.span(mark.start..mark.end).label(label)
    });
    let marks: Vec<_> = marks.collect();
    Snippet::source(excerpt.text).line_start(excerpt.first_line as usize).annotations(marks)
}

/// The fix as an edit of an excerpt, where all its edits lie in one.
fn suggestion<'a>(fix: &'a Fix, sources: &SourceMap) -> Option<Group<'a>> {
    let labels: Vec<Label> =
        fix.edits.iter().map(|(span, _)| Label { span: *span, message: String::new() }).collect();
    let (first, rest) = labels.split_first()?;
    sources.file(first.span.file).text()?;
    let mut shown = excerpts(Some(first), rest, sources);
    let excerpt = shown.pop().filter(|_| shown.is_empty())?;
    if excerpt.marks.len() != fix.edits.len() {
        return None;
    }
    // Marks are in the order of their places, like the edits sorted by span.
    let mut edits: Vec<_> = fix.edits.iter().collect();
    edits.sort_by_key(|(span, _)| *span);
    let patches: Vec<Patch<'a>> = excerpt
        .marks
        .iter()
        .zip(edits)
        .map(|(mark, (_, replacement))| Patch::new(mark.start..mark.end, lines(replacement)))
        .collect();
    let snippet = Snippet::source(excerpt.text).line_start(excerpt.first_line as usize).patches(patches);
    Some(Level::HELP.secondary_title(escape::printable(&fix.message)).element(snippet))
}

/// Escapes all but line ends.
fn lines(text: &str) -> String {
    text.split('\n').map(escape::printable).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::{FileId, Span};
    use crate::render::DiagnosticFormat;
    use crate::render::diagnostics::testing::*;

    fn full(diagnostic: Diagnostic, sources: &SourceMap) -> String {
        rendered(&[diagnostic], sources, DiagnosticFormat::Full)
    }

    #[test]
    fn a_diagnostic_shows_the_line_with_a_caret() {
        let sources = source("[\n    Atended(leader: \"a\"),\n]\n");
        let at = span(&sources, "Atended");
        let shown = error("no relation is called `Atended`")
            .labelled(at, "not declared")
            .note("it has facts")
            .help("declare it");
        let expected = "\
error[FL201]: no relation is called `Atended`
 --> facts/a.ron:2:5
  |
2 |     Atended(leader: \"a\"),
  |     ^^^^^^^ not declared
  |
  = note: it has facts
  = help: declare it
";
        assert_eq!(full(shown, &sources), expected);
    }

    #[test]
    fn a_fix_shows_the_line_mended() {
        let sources = source("[\n    Atended(leader: \"a\"),\n]\n");
        let at = span(&sources, "Atended");
        let shown = error("unknown").at(at).fix(at, "Attended", "write `Attended`");
        let expected = "\
error[FL201]: unknown
 --> facts/a.ron:2:5
  |
2 |     Atended(leader: \"a\"),
  |     ^^^^^^^
  |
help: write `Attended`
  |
2 |     Attended(leader: \"a\"),
  |       +
";
        assert_eq!(full(shown, &sources), expected);
    }

    #[test]
    fn places_in_two_files_are_both_shown() {
        let mut sources = source("A(1)\n");
        let other = sources.add("rules/r.dl", "\n.decl A(x: symbol)\n");
        let shown = error("wrong type")
            .labelled(span(&sources, "1"), "a number")
            .also(Span::new(other, 9, 18), "declared here");
        let text = full(shown, &sources);
        assert!(text.contains("--> facts/a.ron:1:3\n"), "{text}");
        assert!(text.contains("rules/r.dl:2:9\n"), "{text}");
        assert!(text.contains("^ a number") && text.contains("--------- declared here"), "{text}");
    }

    #[test]
    fn the_end_of_a_file_has_a_place() {
        for text in ["", "A(", "A(\n", "A(\r\n\r\n"] {
            let sources = source(text);
            let shown = full(error("unclosed").at(Span::new(FileId(0), text.len(), text.len())), &sources);
            assert!(shown.contains('^') && shown.contains("--> facts/a.ron:"), "{text:?}:\n{shown}");
        }
    }

    #[test]
    fn nothing_from_input_steers_the_terminal() {
        let sources = source("A(\"\u{1b}]0;x\u{7}\u{202e}\u{9b}\")\u{8}");
        let nasty = "\u{1b}[2J\u{202e}\r\u{9b}";
        let at = Span::new(FileId(0), 0, 4);
        let mut shown =
            error(nasty).labelled(at, nasty).also(at, nasty).note(nasty).help(nasty).fix(at, nasty, nasty);
        shown.code = nasty.to_owned();
        let text = full(shown, &sources);
        let leaked: Vec<char> = text.chars().filter(|&c| c != '\n' && escape::is_unsafe(c)).collect();
        assert_eq!(leaked, Vec::<char>::new(), "{text:?}");
    }

    #[test]
    fn colours_come_only_when_asked_for() {
        let sources = source("A(1)\n");
        let shown = [error("wrong").at(span(&sources, "1"))];
        let style = DiagnosticStyle { color: true, width: None };
        assert!(render(&shown, &sources, style).contains("\u{1b}["));
        assert!(!render(&shown, &sources, DiagnosticStyle::default()).contains('\u{1b}'));
    }

    fn cases() -> u32 {
        std::env::var("FACTLOG_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(1000)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(cases()))]

        /// Whatever the text and the spans, every format renders, and `full` names the place.
        #[test]
        fn any_spans_of_any_text_render(
            text in "[a(\\n\\r\\t漢é\u{1b} \u{feff}]{0,60}",
            spans in prop::collection::vec((0usize..80, 0usize..80), 1..5),
            width in prop::option::of(0usize..100),
        ) {
            let sources = source(&text);
            let mut offsets: Vec<usize> = text.char_indices().map(|(i, _)| i).collect();
            offsets.push(text.len());
            let spans: Vec<Span> = spans
                .into_iter()
                .map(|(a, b)| (offsets[a % offsets.len()], offsets[b % offsets.len()]))
                .map(|(a, b)| Span::new(FileId(0), a.min(b), a.max(b)))
                .collect();
            let mut shown = error("wrong").labelled(spans[0], "here").fix(spans[0], "x\ny", "replace it");
            for span in &spans[1..] {
                shown = shown.also(*span, "there");
            }
            let diagnostics = [shown];
            for format in DiagnosticFormat::ALL {
                super::super::render(&diagnostics, &sources, format, DiagnosticStyle { color: false, width });
            }
            let place = sources.place(spans[0]);
            let expected = format!("--> {place}\n");
            let text = render(&diagnostics, &sources, DiagnosticStyle { color: false, width });
            prop_assert!(text.contains(&expected), "{}", text);
        }
    }
}
