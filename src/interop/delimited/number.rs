//! Integers from their digits, eight bytes at a time.

const ZEROS: u64 = u64::from_le_bytes([b'0'; 8]);
/// What carries from 10 on, but not from 9, into a byte's high bit.
const ABOVE_NINE: u64 = u64::from_le_bytes([0x76; 8]);
const HIGH_BITS: u64 = u64::from_le_bytes([0x80; 8]);

/// The integer in decimal digits, perhaps after a minus, that begins at `at`, and where it ends.
///
/// `None` where there is none, where it has more than 15 digits, or where it stands within 16
/// bytes of the end of `bytes`: rare enough to leave them to [`parse`].
#[inline]
pub fn leading(bytes: &[u8], at: usize) -> Option<(i64, usize)> {
    let negative = *bytes.get(at)? == b'-';
    let start = at + usize::from(negative);
    let window: &[u8; 16] = bytes.get(start..start + 16)?.first_chunk()?;
    let (low, high) = window.split_at(8);
    let low = u64::from_le_bytes(*low.first_chunk()?);
    let (first, digits) = digits(low);
    let (magnitude, digits) = match digits {
        0 => return None,
        8 => {
            let (second, more) = self::digits(u64::from_le_bytes(*high.first_chunk()?));
            match more {
                0 => (first, 8),
                1..8 => (first * TENS.get(more)? + second, 8 + more),
                _ => return None,
            }
        }
        digits => (first, digits),
    };
    // At most 15 digits, so that it fits.
    let number = magnitude as i64;
    Some((if negative { -number } else { number }, start + digits))
}

const TENS: [u64; 8] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];

/// The number that the digits at the front of eight bytes write, and how many there are.
///
/// After "Faster integer parsing" (K. Jaffe, 2020): bytes become digits, pairs, quadruples, all
/// lanes at once.
#[inline]
fn digits(word: u64) -> (u64, usize) {
    let x = word ^ ZEROS;
    // The high bit of a byte is set if it is no digit. Carries run upwards only, so that the
    // lowest such byte is told right.
    let others = (x.wrapping_add(ABOVE_NINE) | x) & HIGH_BITS;
    let count = (others.trailing_zeros() / 8) as usize;
    if count == 0 {
        return (0, 0);
    }
    // The first digit is in the lowest byte; behind the shift, zeros lead.
    let x = x << (64 - 8 * count);
    let x = (x.wrapping_mul(10).wrapping_add(x >> 8)) & 0x00ff_00ff_00ff_00ff;
    let x = (x.wrapping_mul(100).wrapping_add(x >> 16)) & 0x0000_ffff_0000_ffff;
    let x = (x.wrapping_mul(10_000).wrapping_add(x >> 32)) & 0xffff_ffff;
    (x, count)
}

/// The integer that all of `text` writes, blanks around it apart, as an `i128` so that the caller
/// can tell what does not fit. `None` if it is none, or far too large.
pub fn parse(text: &str) -> Option<i128> {
    let text = text.trim();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let decimal = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if decimal { text.parse().ok() } else { None }
}

/// The same, and with a prefix `0x` or `0b` in base 16 or 2.
pub fn parse_based(text: &str) -> Option<i128> {
    let text = text.trim();
    let based = |prefix: &str, base: u32| {
        let digits = text.strip_prefix(prefix)?;
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if plain { i128::from_str_radix(digits, base).ok() } else { None }
    };
    based("0x", 16).or_else(|| based("0b", 2)).or_else(|| parse(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_way_agrees_with_the_standard_library() {
        let mut numbers = vec![0, 1, 9, 10, 99_999_999, 100_000_000, 999_999_999_999_999];
        let mut power = 1_i64;
        for _ in 0..15 {
            numbers.extend([power, power * 7 + 3, power - 1]);
            power *= 10;
        }
        for number in numbers.into_iter().flat_map(|number| [number, -number]) {
            for tail in ["\t", "\n", ",", "/", ":", "x", "\u{ff}"] {
                let text = format!("{number}{tail}0000000000000000000");
                let end = number.to_string().len();
                let expected = (end <= 15).then_some((number, end));
                let found = leading(text.as_bytes(), 0);
                assert!(found == Some((number, end)) || (end >= 15 && found.is_none()), "{text}");
                assert!(expected.is_none() || end >= 15 || found == expected);
            }
        }
    }

    #[test]
    fn what_is_no_number_is_left_alone() {
        for text in ["x2345678901234567", "-x345678901234567", "1", "12\t3", "1234567890123456\t0000000000"] {
            assert_eq!(leading(text.as_bytes(), 0), None, "{text}");
        }
        assert_eq!(leading(b"x12\t4567890123456789", 1), Some((12, 3)));
    }

    #[test]
    fn slow_numbers() {
        assert_eq!(parse(" -12 "), Some(-12));
        assert_eq!(parse("+7"), Some(7));
        assert_eq!(parse("9223372036854775808"), Some(9_223_372_036_854_775_808));
        for wrong in ["", "-", "1_000", "1.0", "0x1f", "--1", "١"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
        assert_eq!(parse_based("0x1F"), Some(31));
        assert_eq!(parse_based("0b101"), Some(5));
        assert_eq!((parse_based("0x"), parse_based("0x-1"), parse_based("0b2")), (None, None, None));
    }
}
