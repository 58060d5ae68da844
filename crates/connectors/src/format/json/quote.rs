//! Strings as Jackson writes them.

/// What becomes of characters beyond U+FFFF.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beyond {
    /// They are written as they are.
    Plain,
    /// They are written as two escapes `\uXXXX`, as Flink's sink does.
    Escaped,
}

/// Appends a text in quotes. It should be UTF-8; what is not is left as it is.
pub(super) fn write_string(text: &[u8], beyond: Beyond, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut done = 0;
    for (at, byte) in text.iter().copied().enumerate() {
        let is_odd = byte < 0x20 || byte == b'"' || byte == b'\\';
        let is_beyond = byte >= 0xF0 && beyond == Beyond::Escaped;
        if !is_odd && !is_beyond {
            continue;
        }
        let pair = if is_beyond { character(&text[at..]) } else { None };
        if is_beyond && pair.is_none() {
            continue;
        }
        out.extend_from_slice(text.get(done..at).unwrap_or_default());
        match pair {
            Some(character) => {
                character.encode_utf16(&mut [0; 2]).iter().for_each(|unit| write_unit(*unit, out));
                done = at + character.len_utf8();
            }
            None => {
                write_escape(byte, out);
                done = at + 1;
            }
        }
    }
    out.extend_from_slice(text.get(done..).unwrap_or_default());
    out.push(b'"');
}

/// The character of four bytes at the front.
fn character(text: &[u8]) -> Option<char> {
    std::str::from_utf8(text.get(..4)?).ok()?.chars().next()
}

fn write_escape(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' | b'\\' => byte,
        8 => b'b',
        9 => b't',
        10 => b'n',
        12 => b'f',
        13 => b'r',
        _ => return write_unit(u16::from(byte), out),
    };
    out.extend_from_slice(&[b'\\', short]);
}

fn write_unit(unit: u16, out: &mut Vec<u8>) {
    let digit = |shift: u16| b"0123456789ABCDEF"[usize::from(unit >> shift & 15)];
    out.extend_from_slice(&[b'\\', b'u', digit(12), digit(8), digit(4), digit(0)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(text: &str, beyond: Beyond) -> String {
        let mut out = Vec::new();
        write_string(text.as_bytes(), beyond, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn escapes_are_jacksons() {
        assert_eq!(quoted("a\"b\\c/", Beyond::Escaped), r#""a\"b\\c/""#);
        assert_eq!(
            quoted("\u{8}\t\n\u{c}\r\u{1}\u{1f}\u{7f}", Beyond::Escaped),
            "\"\\b\\t\\n\\f\\r\\u0001\\u001F\u{7f}\""
        );
        assert_eq!(quoted("é€😀x😀", Beyond::Escaped), r#""é€\uD83D\uDE00x\uD83D\uDE00""#);
        assert_eq!(quoted("é€😀x", Beyond::Plain), r#""é€😀x""#);
        assert_eq!(quoted("", Beyond::Plain), r#""""#);
    }
}
