//! Bytes to text: UTF-8 and nothing else.

use crate::base::Diagnostic;
use crate::base::codes::files;
use crate::base::limits::MAX_FILE_BYTES;

/// Checks the size of a file before it is read. `name` is shown to people.
pub fn check_size(name: &str, bytes: u64) -> Result<(), Box<Diagnostic>> {
    if bytes <= MAX_FILE_BYTES {
        return Ok(());
    }
    Err(Box::new(
        Diagnostic::new(
            files::FILE_TOO_LARGE,
            format!("{name} has {bytes} bytes; up to {MAX_FILE_BYTES} are read"),
        )
        .help("split the file, or keep data that large as CSV and read it with `.input`"),
    ))
}

/// The text of a file. `name` is shown to people; a file that is not UTF-8 has no spans, so the
/// message itself says where.
pub fn decode<'b>(name: &str, bytes: &'b [u8]) -> Result<&'b str, Box<Diagnostic>> {
    check_size(name, bytes.len() as u64)?;
    let error = match std::str::from_utf8(bytes) {
        Ok(text) if !looks_like_utf16(bytes) => return Ok(text),
        Ok(_) => None,
        Err(error) => Some(error.valid_up_to()),
    };
    if looks_like_utf16(bytes) {
        return Err(Box::new(
            Diagnostic::new(files::NOT_UTF8, format!("{name} is UTF-16, not UTF-8 (byte offset 0)"))
                .help("save it as UTF-8, or convert it: iconv -f UTF-16 -t UTF-8"),
        ));
    }
    let at = error.unwrap_or(0);
    let valid = bytes.get(..at).unwrap_or(&[]);
    let line = 1 + valid.iter().filter(|&&b| b == b'\n').count();
    let byte = bytes.get(at).copied().unwrap_or(0);
    Err(Box::new(
        Diagnostic::new(
            files::NOT_UTF8,
            format!("{name} is not UTF-8: byte 0x{byte:02x} at byte offset {at}, in line {line}"),
        )
        .help("save it as UTF-8; if it is Latin-1: iconv -f ISO-8859-1 -t UTF-8"),
    ))
}

/// A byte order mark of UTF-16, or ASCII text with every second byte 0.
fn looks_like_utf16(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(64)];
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return true;
    }
    let zeros = |parity: usize| {
        let mut at = head.iter().skip(parity).step_by(2);
        at.len() >= 2 && at.all(|&b| b == 0)
    };
    let others = |parity: usize| head.iter().skip(parity).step_by(2).all(|b| (1..0x80).contains(b));
    (zeros(0) && others(1)) || (zeros(1) && others(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_text() {
        assert_eq!(decode("f", "[\"ä\"]".as_bytes()).unwrap(), "[\"ä\"]");
        assert_eq!(decode("f", b"").unwrap(), "");
        let message = |bytes: &[u8]| decode("f.ron", bytes).unwrap_err().message;
        assert_eq!(message(b"[\n\"\xe4\"]"), "f.ron is not UTF-8: byte 0xe4 at byte offset 3, in line 2");
        let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        assert!(message(&utf16("[1, 2]")).contains("UTF-16"));
        assert!(message(&utf16("\u{feff}[1, 2]")).contains("UTF-16"));
        assert!(
            message(&"\u{feff}[]".encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>())
                .contains("UTF-16")
        );
    }

    #[test]
    fn size() {
        assert!(check_size("f", MAX_FILE_BYTES).is_ok());
        assert_eq!(check_size("f", MAX_FILE_BYTES + 1).unwrap_err().code, "FL002");
    }
}
