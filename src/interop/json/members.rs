//! The members of an object and the items of an array, in text that is known to be JSON.

use std::borrow::Cow;
use std::collections::HashSet;

use super::elements::string;

/// A key with its value.
pub struct Member<'t> {
    /// The key, between its quotes.
    pub key: &'t [u8],
    /// Where it begins.
    pub key_at: usize,
    /// The value.
    pub value: &'t [u8],
    /// Where it begins.
    pub value_at: usize,
}

/// The members of the object that is all of `json`.
pub fn members(json: &[u8]) -> impl Iterator<Item = Member<'_>> {
    let mut at = 1;
    std::iter::from_fn(move || {
        let (key_at, key) = value(json, at)?;
        let (value_at, value) = value(json, key_at + key.len())?;
        at = value_at + value.len();
        Some(Member { key, key_at, value, value_at })
    })
}

/// The items of the array that is all of `json`.
pub fn items(json: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut at = 1;
    std::iter::from_fn(move || {
        let (start, item) = value(json, at)?;
        at = start + item.len();
        Some(item)
    })
}

/// The next value from `at` on, behind blanks, commas and colons.
fn value(json: &[u8], at: usize) -> Option<(usize, &[u8])> {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b':');
    let start = at + json.get(at..)?.iter().position(|byte| !blank(byte))?;
    let rest = json.get(start..)?;
    let length = match rest.first()? {
        b'"' => string(rest)?,
        b'{' | b'[' => nested(rest)?,
        b'}' | b']' => return None,
        _ => rest.iter().position(|byte| blank(byte) || matches!(byte, b'}' | b']'))?,
    };
    Some((start, rest.get(..length)?))
}

/// Length of the object or array at the front.
fn nested(text: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    loop {
        match text.get(at)? {
            b'"' => at += string(text.get(at..)?)? - 1,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

/// A key that stands twice in one object, at any depth. Recurses as deep as `json` nests.
pub fn repeated(json: &[u8]) -> Option<String> {
    match json.first() {
        Some(b'{') => {
            let mut seen = HashSet::new();
            members(json).find_map(|member| {
                let key = unquoted(member.key)?;
                if seen.contains(&key) {
                    return Some(key.into_owned());
                }
                seen.insert(key);
                repeated(member.value)
            })
        }
        Some(b'[') => items(json).find_map(repeated),
        _ => None,
    }
}

/// The text of a string.
pub fn unquoted(json: &[u8]) -> Option<Cow<'_, str>> {
    let inner = json.get(1..json.len().checked_sub(1)?)?;
    if memchr::memchr(b'\\', inner).is_none() {
        return std::str::from_utf8(inner).ok().map(Cow::Borrowed);
    }
    serde_json::from_slice::<String>(json).ok().map(Cow::Owned)
}
