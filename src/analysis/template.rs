//! Labels and messages with `{variable}` placeholders; `{{` is a brace.

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text as it stands.
    Text(String),
    /// The value of a variable.
    Var(String),
}

/// Splits a template. A lone `}` is text; `}}` is one brace. The error says what is wrong.
pub fn parse(template: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut rest = template.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '{' if rest.peek() == Some(&'{') => {
                rest.next();
                text.push('{');
            }
            '}' if rest.peek() == Some(&'}') => {
                rest.next();
                text.push('}');
            }
            '{' => {
                let mut name = String::new();
                loop {
                    match rest.next() {
                        Some('}') => break,
                        Some(c) => name.push(c),
                        None => return Err("a `{` is not closed; write `{{` for a brace".to_owned()),
                    }
                }
                if !text.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut text)));
                }
                pieces.push(Piece::Var(name.trim().to_owned()));
            }
            c => text.push(c),
        }
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    Ok(pieces)
}

/// What is wrong with a template, given the variables there are.
pub(super) fn problems(template: &str, known: &[&str]) -> Vec<String> {
    match parse(template) {
        Err(problem) => vec![problem],
        Ok(pieces) => pieces
            .iter()
            .filter_map(|piece| match piece {
                Piece::Var(name) if !known.contains(&name.as_str()) => {
                    let near = crate::base::diagnostic::nearest(name, known.iter().copied());
                    let hint = crate::base::diagnostic::did_you_mean(&near);
                    let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
                    Some(format!("`{{{name}}}` names no variable of this rule{hint}"))
                }
                _ => None,
            })
            .collect(),
    }
}

/// The template with its variables filled in by `value`; a broken one is shown as it is.
pub fn fill(template: &str, mut value: impl FnMut(&str) -> Option<String>) -> String {
    let Ok(pieces) = parse(template) else { return template.to_owned() };
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Var(name) => value(name).unwrap_or_else(|| format!("{{{name}}}")),
        })
        .collect()
}

/// The variables that a template names.
pub(super) fn names(template: &str) -> Vec<String> {
    parse(template)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|piece| match piece {
            Piece::Var(name) => Some(name),
            Piece::Text(_) => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_and_names() {
        assert_eq!(fill("{x} met {{y}} at { z }", |name| Some(name.to_uppercase())), "X met {y} at Z");
        assert_eq!(problems("{x} {y", &["x"]), ["a `{` is not closed; write `{{` for a brace"]);
        assert_eq!(problems("{xx}", &["x"]).len(), 1);
    }
}
