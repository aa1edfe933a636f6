//! What to say about fields and entries that are not written `name: value`, and how to go on.

use super::lexer::{self, Input};
use super::parser::{Next, Parser};
use super::recover::unexpected_help;
use super::unescape::Mode;
use crate::base::codes::files;
use crate::base::{Diagnostic, escape};

impl<'t> Parser<'t> {
    /// No colon behind the key `key` of a map. Pushes a value all the same.
    #[cold]
    pub(super) fn no_map_value(&mut self, input: Input<'t>, key: usize) -> Input<'t> {
        let at = self.at(input);
        let resumed = self.resumed.take() == Some(at);
        let end = self.end_of(Some(key), input);
        let mut value = None;
        if self.given_up() || resumed {
        } else if let Some(rest) = self.string_too_far(key) {
            let at = self.at(rest);
            self.push_error(at, at);
            return self.resume(rest);
        } else if input.first() == Some(&b'=') {
            let arrow = usize::from(input.get(1) == Some(&b'>'));
            let span = self.span(at, at + 1 + arrow as u32);
            self.report(
                Diagnostic::new(files::RON_FIELD, "expected `:` behind the key, found `=`")
                    .at(span)
                    .fix(span, ":", "write a colon")
                    .safe(),
            );
            value = Some(&input[1 + arrow..]);
        } else if !input.is_empty() {
            let found = self.describe(input);
            let diagnostic = Diagnostic::new(
                files::RON_FIELD,
                format!("expected `:` and a value behind the key, found {found}"),
            )
            .at(self.found_span(input));
            if self.begins_value(input) && end < at {
                self.report(diagnostic.fix(self.span(end, end), ":", "put a colon behind the key").safe());
                value = Some(input);
            } else {
                self.report(diagnostic);
            }
        }
        if let Some(value) = value {
            let value = self.skip(value);
            return match self.value(value) {
                Ok((rest, ())) => rest,
                Err(error) => self.resync(error),
            };
        }
        self.push_error(at, at);
        match input.first() {
            None | Some(b',' | b')' | b']' | b'}') => input,
            _ => self.resync(self.lost_behind(input)),
        }
    }

    /// Whether a quoted name and a colon come next, as in JSON.
    pub(super) fn begins_quoted_field(&mut self, input: Input<'t>) -> bool {
        let Some(after) = quoted_name(input) else { return false };
        let after = self.skip(after);
        after.first() == Some(&b':')
    }

    /// Something else than `name:` where a field is due. `len` is the length of the name, if there
    /// is one, and `after` what follows it. Gives name and value if they can be told.
    #[cold]
    pub(super) fn odd_field(
        &mut self,
        input: Input<'t>,
        len: usize,
        after: Input<'t>,
    ) -> Result<(u32, usize, Input<'t>), Next<'t>> {
        if self.given_up() {
            return Err(Next::Closed(&[]));
        }
        let at = self.at(input);
        let resumed = self.resumed.take() == Some(at);
        let name_end = at + len as u32;
        if len > 0 {
            let name = self.tree.slice(at, name_end);
            match after.first() {
                Some(b'=') => {
                    let sign = self.at(after);
                    let arrow = u32::from(matches!(after.get(1), Some(b'>' | b'=')));
                    let span = self.span(sign, sign + 1 + arrow);
                    self.report(
                        Diagnostic::new(files::RON_FIELD, format!("expected `:` behind `{name}`, found `=`"))
                            .at(span)
                            .fix(span, ":", "write a colon")
                            .safe(),
                    );
                    return Ok((at, len, &after[1 + arrow as usize..]));
                }
                Some(b'(') if self.begins_fact(input) => {
                    if !resumed {
                        let before = self.bytes[..at as usize].trim_ascii_end().len() as u32;
                        self.unclosed_before(at, before);
                    }
                    self.resumed = Some(at);
                    return Err(Next::Closed(input));
                }
                Some(b',' | b')') => {
                    self.report(
                        Diagnostic::new(files::RON_FIELD, format!("the field `{name}` has no value"))
                            .at(self.span(at, name_end))
                            .help(format!("write `{name}: …`, or leave the field out")),
                    );
                    return Err(Next::Element(after.strip_prefix(b",").unwrap_or(after)));
                }
                Some(b'(') => {}
                Some(_) if self.begins_value(after) => {
                    self.report(
                        Diagnostic::new(files::RON_FIELD, format!("expected `:` behind `{name}`"))
                            .at(self.found_span(after))
                            .fix(self.span(name_end, name_end), ":", "put a colon behind the name")
                            .safe(),
                    );
                    return Ok((at, len, after));
                }
                _ => {
                    if !resumed {
                        let found = self.describe(after);
                        self.report(
                            Diagnostic::new(
                                files::RON_FIELD,
                                format!("expected `:` behind `{name}`, found {found}"),
                            )
                            .at(self.found_span(after)),
                        );
                    }
                    let rest = self.resync(self.lost_behind(after));
                    return Err(self.after_recovery(rest, b')'));
                }
            }
        }
        if let Some(behind) = quoted_name(input) {
            let end = self.at(behind);
            let colon = self.skip(behind);
            if colon.first() == Some(&b':') {
                let name = self.tree.slice(at + 1, end - 1);
                self.report(
                    Diagnostic::new(files::RON_FIELD, "the names of fields stand without quotes")
                        .at(self.span(at, end))
                        .fix(self.span(at, end), name, format!("write `{}`", escape::printable(name)))
                        .safe(),
                );
                return Ok((at + 1, name.len(), &colon[1..]));
            }
        }
        if input.first() == Some(&b',') {
            if !resumed {
                self.report(
                    Diagnostic::new(files::RON_MISSING_VALUE, "expected a field before `,`")
                        .at(self.span(at, at + 1))
                        .fix(self.span(at, at + 1), "", "delete the comma")
                        .safe(),
                );
            }
            return Err(Next::Element(&input[1..]));
        }
        if self.begins_value(input) {
            if !resumed {
                self.report(
                    Diagnostic::new(files::RON_FIELD, "a value without a name stands among named fields")
                        .at(self.found_span(input))
                        .help("name all fields, or none"),
                );
            }
            let child = self.tree.nodes.len();
            let rest = match self.value(input) {
                Ok((rest, ())) => rest,
                Err(error) => self.resync(error),
            };
            return Err(self.after_value(rest, b')', child));
        }
        if !resumed {
            let found = self.describe(input);
            self.report(
                Diagnostic::new(files::RON_CHARACTER_OUTSIDE, format!("expected a field, found {found}"))
                    .at(self.found_span(input))
                    .help_opt(unexpected_help(input)),
            );
        }
        let rest = self.resync(self.lost_behind(input));
        Err(self.after_recovery(rest, b')'))
    }
}

/// What follows a string that could be a quoted name: one line, no escapes.
fn quoted_name(input: Input<'_>) -> Option<Input<'_>> {
    let content = input.strip_prefix(b"\"")?;
    match lexer::string_content(content, Mode::Str, &mut |_, _| {}) {
        Ok((rest, scanned)) if !scanned.escaped && content.len() - rest.len() > 1 => Some(rest),
        _ => None,
    }
}
