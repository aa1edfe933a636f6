//! Regular expressions in the syntax of ECMAScript as C++ reads them, over bytes, which Soufflé's
//! `match` takes.
//!
//! They are written anew in the syntax of the crate `regex`: where both have a sign, it does not always
//! mean the same. What that crate cannot do, references to groups and conditions on what follows, is
//! said to be missing rather than taken for something else.

use regex::bytes::{Regex, RegexBuilder};

/// Why there is no expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Bad {
    /// It is none in ECMAScript either.
    Wrong,
    /// It is one, but not one that can be run here.
    Unsupported(&'static str),
}

const REFERENCE: &str = "a reference to a group is not supported";
const CONDITION: &str = "a condition on what follows, as `(?=…)`, is not supported";
const TOO_LARGE: &str = "the pattern is too large";

/// The expression that has to match a whole text.
pub(super) fn compile(pattern: &str) -> Result<Regex, Bad> {
    let text = Translation { bytes: pattern.as_bytes(), at: 0, out: String::new() }.run()?;
    let build = |text: &str| {
        RegexBuilder::new(text).unicode(false).build().map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => Bad::Unsupported(TOO_LARGE),
            _ => Bad::Wrong,
        })
    };
    // Alone first, so that a `)` too many cannot close the group around it.
    build(&text)?;
    build(&format!(r"\A(?:{text})\z"))
}

/// What stands in a class or outside of one.
enum Item {
    Byte(u8),
    /// A set of bytes, in brackets.
    Set(&'static str),
}

struct Translation<'p> {
    bytes: &'p [u8],
    at: usize,
    out: String,
}

impl Translation<'_> {
    fn run(mut self) -> Result<String, Bad> {
        while let Some(byte) = self.next() {
            match byte {
                b'\\' => self.escape()?,
                b'[' => self.class()?,
                b'(' => self.group()?,
                b'{' => self.count()?,
                // Unlike in `regex`, a line may end with a carriage return.
                b'.' => self.out.push_str(r"[^\n\r]"),
                b'^' | b'$' | b'|' | b'*' | b'+' | b'?' | b')' => self.out.push(char::from(byte)),
                _ => self.byte(byte),
            }
        }
        Ok(self.out)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn eat(&mut self, wanted: &[u8]) -> bool {
        let found = self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(wanted));
        self.at += if found { wanted.len() } else { 0 };
        found
    }

    fn byte(&mut self, byte: u8) {
        self.out.push_str(&format!(r"\x{byte:02x}"));
    }

    fn group(&mut self) -> Result<(), Bad> {
        if self.eat(b"?=") || self.eat(b"?!") {
            return Err(Bad::Unsupported(CONDITION));
        }
        if self.peek() == Some(b'?') && !self.eat(b"?:") {
            return Err(Bad::Wrong);
        }
        self.out.push_str("(?:");
        Ok(())
    }

    /// `{2}`, `{2,}`, `{2,3}`
    fn count(&mut self) -> Result<(), Bad> {
        let rest = self.bytes.get(self.at..).unwrap_or(&[]);
        let length = rest.iter().position(|byte| *byte == b'}').ok_or(Bad::Wrong)?;
        let inner = std::str::from_utf8(rest.get(..length).unwrap_or(&[])).map_err(|_| Bad::Wrong)?;
        let (least, most) = inner.split_once(',').unwrap_or((inner, "0"));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if least.is_empty() || !digits(least) || !digits(most) {
            return Err(Bad::Wrong);
        }
        self.out.push_str(&format!("{{{inner}}}"));
        self.at += length + 1;
        Ok(())
    }

    fn escape(&mut self) -> Result<(), Bad> {
        match self.peek() {
            Some(byte @ (b'b' | b'B')) => {
                self.at += 1;
                self.out.push('\\');
                self.out.push(char::from(byte));
            }
            Some(b'1'..=b'9') => return Err(Bad::Unsupported(REFERENCE)),
            _ => match self.escaped()? {
                Item::Byte(byte) => self.byte(byte),
                Item::Set(set) => self.out.push_str(set),
            },
        }
        Ok(())
    }

    /// What a backslash and what is behind it mean inside and outside of classes.
    fn escaped(&mut self) -> Result<Item, Bad> {
        Ok(Item::Byte(match self.next().ok_or(Bad::Wrong)? {
            b'd' => return Ok(Item::Set("[0-9]")),
            b'D' => return Ok(Item::Set("[^0-9]")),
            b's' => return Ok(Item::Set(r"[\t-\r ]")),
            b'S' => return Ok(Item::Set(r"[^\t-\r ]")),
            b'w' => return Ok(Item::Set("[0-9A-Za-z_]")),
            b'W' => return Ok(Item::Set("[^0-9A-Za-z_]")),
            b'0' => 0,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 0x0b,
            b'c' => match self.next() {
                Some(letter) if letter.is_ascii_alphabetic() => letter & 0x1f,
                _ => return Err(Bad::Wrong),
            },
            b'x' => self.hex(2)?,
            b'u' => self.hex(4)?,
            other => other,
        }))
    }

    fn hex(&mut self, digits: usize) -> Result<u8, Bad> {
        let mut number = 0u32;
        for _ in 0..digits {
            let digit = self.next().and_then(|byte| char::from(byte).to_digit(16)).ok_or(Bad::Wrong)?;
            number = number * 16 + digit;
        }
        u8::try_from(number).map_err(|_| Bad::Wrong)
    }

    fn class(&mut self) -> Result<(), Bad> {
        let negated = self.eat(b"^");
        if self.eat(b"]") {
            // Every byte, or none.
            self.out.push_str(if negated { r"[\x00-\xff]" } else { "[a&&b]" });
            return Ok(());
        }
        self.out.push_str(if negated { "[^" } else { "[" });
        while !self.eat(b"]") {
            let from = match self.member()? {
                Item::Set(set) => {
                    self.out.push_str(set);
                    continue;
                }
                Item::Byte(byte) => byte,
            };
            self.byte(from);
            let ranges = self.peek() == Some(b'-') && self.bytes.get(self.at + 1).is_some_and(|b| *b != b']');
            if !ranges {
                continue;
            }
            self.at += 1;
            match self.member()? {
                Item::Byte(to) if from <= to => {
                    self.out.push('-');
                    self.byte(to);
                }
                _ => return Err(Bad::Wrong),
            }
        }
        self.out.push(']');
        Ok(())
    }

    /// One thing in a class.
    fn member(&mut self) -> Result<Item, Bad> {
        match self.next().ok_or(Bad::Wrong)? {
            b'\\' if self.eat(b"b") => Ok(Item::Byte(0x08)),
            b'\\' => self.escaped(),
            b'[' if self.eat(b":") => self.named(),
            b'[' if self.eat(b".") => self.collating(b".]"),
            b'[' if self.eat(b"=") => self.collating(b"=]"),
            byte => Ok(Item::Byte(byte)),
        }
    }

    /// `[:alpha:]`
    fn named(&mut self) -> Result<Item, Bad> {
        const NAMES: &[(&str, &str)] = &[
            ("alnum:]", "[:alnum:]"),
            ("alpha:]", "[:alpha:]"),
            ("blank:]", "[:blank:]"),
            ("cntrl:]", "[:cntrl:]"),
            ("digit:]", "[:digit:]"),
            ("d:]", "[:digit:]"),
            ("graph:]", "[:graph:]"),
            ("lower:]", "[:lower:]"),
            ("print:]", "[:print:]"),
            ("punct:]", "[:punct:]"),
            ("space:]", r"[\t-\r ]"),
            ("s:]", r"[\t-\r ]"),
            ("upper:]", "[:upper:]"),
            ("w:]", "[0-9A-Za-z_]"),
            ("xdigit:]", "[:xdigit:]"),
        ];
        let found = NAMES.iter().find(|(name, _)| self.eat(name.as_bytes()));
        found.map(|(_, set)| Item::Set(set)).ok_or(Bad::Wrong)
    }

    /// `[.x.]`, `[=x=]`: the letter itself.
    fn collating(&mut self, close: &[u8]) -> Result<Item, Bad> {
        let byte = self.next().ok_or(Bad::Wrong)?;
        if self.eat(close) { Ok(Item::Byte(byte)) } else { Err(Bad::Wrong) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        compile(pattern).unwrap_or_else(|bad| panic!("{pattern}: {bad:?}")).is_match(text.as_bytes())
    }

    #[test]
    fn signs_that_mean_something_else_in_rust() {
        // Escapes of letters that mean nothing are the letters.
        assert!(matches(r"\a\e\z\A\p\<\-\/", "aezAp<-/"));
        // A bracket, an `&&` and a `~~` in a class are its members, and a `--` ends a range.
        assert!(matches("[[&&!--z~~]+", "[&+-z~"));
        assert!(!matches("[^[]", "["));
        assert!(matches("[]|a", "a") && !matches("[]", "a") && matches("[^]", "\n"));
        // A dot is no line's end.
        assert!(!matches(".", "\r") && !matches(".", "\n") && matches(".", "]"));
        // Digits and letters are those of ASCII.
        assert!(!matches(r"\d", "٣") && !matches(r"\w+", "é") && matches(r"\W+", "é"));
        assert!(matches("a]b}", "a]b}"));
    }

    #[test]
    fn a_text_is_bytes() {
        assert!(matches("..", "é") && !matches(".", "é"));
        assert!(matches("é+", "é") && matches("[é]{2}", "é"));
        assert!(matches(r"\xc3\u00a9", "é"));
    }

    #[test]
    fn the_whole_text_is_matched() {
        assert!(matches("a|ab", "ab") && !matches("a", "ab"));
        assert!(matches("^a$", "a") && matches("(a)(?:b)?", "ab"));
        assert!(matches("a{2}b{1,}c{0,1}", "aabb") && !matches("a{2}", "a"));
        assert!(matches("[[:alpha:][:digit:]_-]+[[.x.]]", "a1_-x"));
        assert!(matches(r"[\d\-\]b]+", "7-]b") && matches(r"\ca\x41\b\0", "\u{1}A\0"));
    }

    #[test]
    fn what_is_none() {
        for pattern in [
            "fo{x}b.*", "b.*[", "a{,3}", "a{", "*a", "(", "a)(b", "(?i)a", r"\", r"\xg1", "[z-a]", "[[:no:]]",
        ] {
            assert_eq!(compile(pattern).err(), Some(Bad::Wrong), "{pattern}");
        }
        for pattern in [r"(a)\1", "(?=a)b", "(?!a)b"] {
            assert!(matches!(compile(pattern), Err(Bad::Unsupported(_))), "{pattern}");
        }
    }
}
