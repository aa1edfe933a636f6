//! Random RON documents, mutations of them, and token soup, driven by a list of bytes so that a
//! failing case shrinks.

#![allow(dead_code)]

/// How many cases a property runs: `FACTLOG_CASES`, or the figure for CI.
pub fn cases(ci: u32) -> u32 {
    std::env::var("FACTLOG_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(ci)
}

/// The configuration of a property with so many cases in CI. Failing cases are to be written down
/// as tests of their own, not as seeds.
pub fn config(ci: u32) -> proptest::test_runner::Config {
    proptest::test_runner::Config { cases: cases(ci), failure_persistence: None, ..Default::default() }
}

/// Decisions taken from bytes; when they run out, always the first.
pub struct Choices<'b> {
    bytes: std::slice::Iter<'b, u8>,
}

impl<'b> Choices<'b> {
    pub fn new(bytes: &'b [u8]) -> Self {
        Choices { bytes: bytes.iter() }
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.bytes.next().map_or(0, |&byte| byte as usize % n)
    }

    pub fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    /// Blanks and comments, mostly none.
    pub fn blank(&mut self) -> &'static str {
        match self.below(12) {
            0..6 => "",
            6 => " ",
            7 => "\n",
            8 => "\t\r\n",
            9 => " // line (\"\n",
            10 => "/* block /* nested ] */ */",
            _ => "\n\n    ",
        }
    }
}

const LEAVES: [&str; 48] = [
    "()",
    "true",
    "false",
    "None",
    "Word",
    "word_2",
    "r#type",
    "r#a.b",
    "ä漢",
    "0",
    "-1",
    "+7",
    "1_000",
    "0xff",
    "-0x1F",
    "0b101",
    "0o17",
    "12u8",
    "-3i16",
    "18446744073709551615",
    "-9223372036854775808",
    "1.5",
    "-2.25e-3",
    ".5",
    "1.",
    "2e9",
    "1_0.5_0",
    "inf",
    "-inf",
    "NaN",
    "1.5f32",
    "3f64",
    "inff32",
    "1..2",
    "..=5",
    "1.5..",
    "b'a'",
    "b'\\n'",
    "'c'",
    "'\\''",
    "'\\u{1F600}'",
    "\"\"",
    "\"text\"",
    "\"esc \\\" \\\\ \\n \\u{e4} \\xc3\\xa4\"",
    "r\"raw\\\"",
    "r#\"a \"quoted\" text\"#",
    "b\"bytes \\xff\"",
    "br##\"raw \"# bytes\"##",
];

const NAMES: [&str; 8] = ["Attended", "Event", "T", "rel", "b", "r", "r#enum", "Überfall"];
const FIELDS: [&str; 12] =
    ["leader", "summit", "a", "b", "r", "_src", "_at", "_status", "true", "inf", "r#in", "größe"];

/// A valid document, with attributes now and then.
pub fn document(choices: &mut Choices) -> String {
    let mut out = String::from(choices.blank());
    let attribute = choices.below(12);
    out.push_str(match attribute {
        1 => "#![enable(implicit_some)]",
        2 => "#![enable(unwrap_newtypes, unwrap_variant_newtypes,)]",
        3 => "# ! [ type = \"x\" ]\n#![enable(implicit_some)] ",
        _ => "",
    });
    value(choices, &mut out, 4, attribute == 2);
    out
}

fn value(choices: &mut Choices, out: &mut String, depth: usize, unwraps: bool) {
    out.push_str(choices.blank());
    let kind = if depth == 0 { 0 } else { choices.below(10) };
    match kind {
        0..3 => out.push_str(choices.pick(&LEAVES)),
        3 => list(choices, out, depth, "[", "]", unwraps),
        4 => list(choices, out, depth, "(", ")", unwraps),
        5 => {
            out.push_str(choices.pick(&NAMES));
            out.push_str(choices.blank());
            list(choices, out, depth, "(", ")", unwraps);
        }
        6 | 7 => {
            let named = choices.below(4) > 0;
            if named {
                out.push_str(choices.pick(&NAMES));
                out.push_str(choices.blank());
            }
            out.push('(');
            fields(choices, out, depth, unwraps, named);
            out.push(')');
        }
        8 => {
            out.push('{');
            for i in 0..choices.below(4) {
                separate(choices, out, i);
                out.push_str(&format!("{}\"k{i}\"", choices.blank()));
                out.push_str(&format!("{}:", choices.blank()));
                value(choices, out, depth - 1, unwraps);
            }
            finish(choices, out);
            out.push('}');
        }
        _ => {
            out.push_str("Some");
            out.push_str(choices.blank());
            out.push('(');
            match choices.below(6) {
                0 if unwraps => fields(choices, out, depth, unwraps, false),
                1 if unwraps => {
                    value(choices, out, depth - 1, unwraps);
                    out.push(',');
                    value(choices, out, depth - 1, unwraps);
                }
                _ => value(choices, out, depth - 1, unwraps),
            }
            finish(choices, out);
            out.push(')');
        }
    }
    out.push_str(choices.blank());
}

fn list(choices: &mut Choices, out: &mut String, depth: usize, open: &str, close: &str, unwraps: bool) {
    out.push_str(open);
    let count = choices.below(5);
    for i in 0..count {
        separate(choices, out, i);
        value(choices, out, depth - 1, unwraps);
    }
    if count > 0 {
        finish(choices, out);
    } else {
        out.push_str(choices.pick(&["", "", "", "/* in */", " // in\n"]));
    }
    out.push_str(close);
}

fn fields(choices: &mut Choices, out: &mut String, depth: usize, unwraps: bool, named: bool) {
    let first = choices.below(FIELDS.len());
    let count = 1 + choices.below(4);
    for i in 0..count {
        separate(choices, out, i);
        out.push_str(choices.blank());
        out.push_str(FIELDS[(first + i) % FIELDS.len()]);
        out.push_str(choices.blank());
        out.push(':');
        value(choices, out, depth - 1, unwraps);
    }
    if named {
        finish(choices, out);
    }
}

fn separate(choices: &mut Choices, out: &mut String, i: usize) {
    if i > 0 {
        out.push(',');
        out.push_str(choices.blank());
    }
}

/// A trailing comma, now and then.
fn finish(choices: &mut Choices, out: &mut String) {
    if !out.ends_with(['(', '[', '{', ',']) && choices.below(3) == 0 {
        out.push(',');
    }
    out.push_str(choices.blank());
}

const TOKENS: [&str; 52] = [
    "(", ")", "[", "]", "{", "}", ",", ",", ":", ":", "..", "..=", "#", "!", "\"", "'", "\\", "/", "/*",
    "*/", "//", "\n", " ", "a", "b", "r", "Some", "None", "true", "inf", "NaN", "-", "+", ".", "_", "0", "1",
    "9", "e", "E", "0x", "u8", "i64", "f32", "f64", "b'", "r#", "br\"", "\"a\"", "=", "ä", ";",
];

/// A document with a few tokens inserted, removed or replaced. CRs are taken out: a lone one ends a
/// comment here and not in the crate.
pub fn mutate(mut text: String, choices: &mut Choices) -> String {
    for _ in 0..1 + choices.below(3) {
        let at = (choices.below(256) * 256 + choices.below(256)) % (text.len() + 1);
        let at = (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        let next = text[at..].chars().next().map_or(at, |c| at + c.len_utf8());
        match choices.below(3) {
            0 => text.insert_str(at, choices.pick(&TOKENS)),
            1 => text.replace_range(at..next, ""),
            _ => text.replace_range(at..next, choices.pick(&TOKENS)),
        }
    }
    text.replace('\r', "")
}

/// Tokens in any order.
pub fn soup(choices: &mut Choices) -> String {
    (0..1 + choices.below(14))
        .map(|_| if choices.below(3) == 0 { choices.pick(&LEAVES) } else { choices.pick(&TOKENS) })
        .collect()
}
