//! The conditions of `#if`: numbers, `defined`, comparisons, `!`, `&&`, `||`.

use crate::base::limits::MAX_NESTING;

struct Reader<'t> {
    words: Vec<&'t str>,
    at: usize,
    depth: usize,
}

/// Whether the condition holds; `None` if it cannot be read. A name without a number is 0.
pub(super) fn holds(
    text: &str,
    defined: &dyn Fn(&str) -> bool,
    value: &dyn Fn(&str) -> Option<String>,
) -> Option<bool> {
    let mut reader = Reader { words: words(text), at: 0, depth: 0 };
    let result = reader.binary(0, defined, value)?;
    (reader.at == reader.words.len()).then_some(result != 0)
}

fn words(text: &str) -> Vec<&str> {
    const SIGNS: [&str; 9] = ["&&", "||", "==", "!=", "<=", ">=", "!", "(", ")"];
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let word = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let length = match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            Some(sign) => sign.len(),
            None if word > 0 => word,
            None => rest.chars().next().map_or(1, char::len_utf8),
        };
        let (first, behind) = rest.split_at(length);
        words.push(first);
        rest = behind.trim_start();
    }
    words
}

/// Operators, weakest first.
const LEVELS: [&[&str]; 4] = [&["||"], &["&&"], &["==", "!="], &["<", ">", "<=", ">="]];

impl<'t> Reader<'t> {
    fn take(&mut self, wanted: &[&str]) -> Option<&'t str> {
        let word = self.words.get(self.at).copied().filter(|word| wanted.contains(word))?;
        self.at += 1;
        Some(word)
    }

    fn binary(
        &mut self,
        level: usize,
        defined: &dyn Fn(&str) -> bool,
        value: &dyn Fn(&str) -> Option<String>,
    ) -> Option<i64> {
        let Some(operators) = LEVELS.get(level) else { return self.unary(defined, value) };
        let mut left = self.binary(level + 1, defined, value)?;
        while let Some(operator) = self.take(operators) {
            let right = self.binary(level + 1, defined, value)?;
            left = i64::from(match operator {
                "||" => left != 0 || right != 0,
                "&&" => left != 0 && right != 0,
                "==" => left == right,
                "!=" => left != right,
                "<" => left < right,
                ">" => left > right,
                "<=" => left <= right,
                _ => left >= right,
            });
        }
        Some(left)
    }

    fn unary(
        &mut self,
        defined: &dyn Fn(&str) -> bool,
        value: &dyn Fn(&str) -> Option<String>,
    ) -> Option<i64> {
        let mut negations = 0;
        while self.take(&["!"]).is_some() {
            negations += 1;
        }
        let word = self.words.get(self.at).copied()?;
        self.at += 1;
        let mut number = match word {
            "(" => {
                self.depth += 1;
                if self.depth > MAX_NESTING {
                    return None;
                }
                let inner = self.binary(0, defined, value)?;
                self.take(&[")"])?;
                self.depth -= 1;
                inner
            }
            "defined" => {
                let bracket = self.take(&["("]).is_some();
                let name = self.words.get(self.at).copied()?;
                self.at += 1;
                if bracket {
                    self.take(&[")"])?;
                }
                i64::from(defined(name))
            }
            word if word.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') => {
                word.parse().ok().or_else(|| value(word)?.parse().ok()).unwrap_or(0)
            }
            _ => return None,
        };
        for _ in 0..negations {
            number = i64::from(number == 0);
        }
        Some(number)
    }
}
