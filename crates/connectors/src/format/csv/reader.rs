//! Records of CSV as Jackson cuts them: fields, quotes, escapes, comments.

use super::options::CsvOptions;

/// The fields of a record, with quotes and escapes resolved.
#[derive(Debug, Default)]
pub(super) struct Fields {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Fields {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// A field. Empty if there is none.
    pub(super) fn get(&self, at: usize) -> &[u8] {
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before).copied()).unwrap_or(0);
        self.ends.get(at).and_then(|end| self.text.get(start..*end)).unwrap_or_default()
    }

    fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    fn end(&mut self) {
        self.ends.push(self.text.len());
    }
}

/// A record that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    /// Where it begins, behind comments.
    pub(super) start: usize,
    /// Where it ends, its line end included.
    pub(super) end: usize,
    /// Whether its line end is there, rather than the end of all.
    pub(super) has_line_end: bool,
    /// What is wrong with it.
    pub(super) fault: Option<&'static str>,
}

/// Reads the record at a position. None if there is none but comments.
pub(super) fn read(bytes: &[u8], from: usize, options: &CsvOptions, fields: &mut Fields) -> Option<Record> {
    fields.clear();
    let start = if options.allow_comments { behind_comments(bytes, from) } else { from };
    if start >= bytes.len() {
        return None;
    }
    let mut cursor = Cursor { bytes, at: start, options, fault: None };
    while cursor.field(fields) {}
    let body_end = cursor.at;
    let end = cursor.line_end();
    // A carriage return at the very end may be half of a line end.
    let has_line_end = end > body_end && !(end == bytes.len() && bytes.last() == Some(&b'\r'));
    Some(Record { start, end, has_line_end, fault: cursor.fault })
}

/// How many bytes from the beginning are whole records with their line ends.
pub(super) fn whole_records(bytes: &[u8], options: &CsvOptions) -> Option<usize> {
    let occurs = |mark: char| {
        let mut buffer = [0; 4];
        let mark = mark.encode_utf8(&mut buffer).as_bytes();
        memchr::memchr(mark[0], bytes).is_some()
    };
    let marks = [options.quote, options.escape];
    if !marks.into_iter().flatten().any(|mark| occurs(mark.0)) {
        return memchr::memrchr(b'\n', bytes).map(|at| at + 1);
    }
    let mut fields = Fields::default();
    let mut whole = None;
    let mut at = 0;
    while let Some(record) = read(bytes, at, options, &mut fields) {
        if !record.has_line_end {
            break;
        }
        at = record.end;
        whole = Some(at);
    }
    whole
}

/// Passes over comments, empty lines and the blanks before them.
fn behind_comments(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    loop {
        match bytes.get(at) {
            Some(b'#') => {
                let rest = bytes.get(at..).unwrap_or_default();
                at = memchr::memchr2(b'\n', b'\r', rest).map_or(bytes.len(), |end| at + end + 1);
            }
            Some(b' ' | b'\n' | b'\r') => at += 1,
            _ => return at,
        }
    }
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    options: &'a CsvOptions,
    fault: Option<&'static str>,
}

impl Cursor<'_> {
    /// Reads a field. True if another follows.
    fn field(&mut self, fields: &mut Fields) -> bool {
        let quote = self.options.quote.map_or(0, |quote| quote.found_at(self.bytes, self.at));
        let has_next = if quote > 0 {
            self.at += quote;
            self.quoted(fields, quote)
        } else {
            self.unquoted(fields)
        };
        fields.end();
        has_next
    }

    fn delimiter(&self) -> usize {
        self.options.delimiter.found_at(self.bytes, self.at)
    }

    fn unquoted(&mut self, fields: &mut Fields) -> bool {
        while let Some(byte) = self.bytes.get(self.at).copied() {
            let delimiter = self.delimiter();
            if delimiter > 0 {
                self.at += delimiter;
                return true;
            }
            if matches!(byte, b'\n' | b'\r') {
                return false;
            }
            if !self.escaped(fields) {
                fields.text.push(byte);
                self.at += 1;
            }
        }
        false
    }

    fn quoted(&mut self, fields: &mut Fields, quote: usize) -> bool {
        let is_quote = |at: usize| self.options.quote.is_some_and(|mark| mark.found_at(self.bytes, at) > 0);
        loop {
            let Some(byte) = self.bytes.get(self.at).copied() else {
                self.fault = Some("its closing quote is missing");
                return false;
            };
            if !is_quote(self.at) {
                if !self.escaped(fields) {
                    fields.text.push(byte);
                    self.at += 1;
                }
                continue;
            }
            if !is_quote(self.at + quote) {
                break;
            }
            fields.text.extend(self.bytes.iter().skip(self.at).take(quote));
            self.at += 2 * quote;
        }
        self.at += quote;
        self.behind_quotes()
    }

    /// Behind a closing quote only blanks may stand. What else stands there begins a field, as Jackson goes on.
    fn behind_quotes(&mut self) -> bool {
        while let Some(byte) = self.bytes.get(self.at).copied() {
            let delimiter = self.delimiter();
            if delimiter > 0 {
                self.at += delimiter;
                return true;
            }
            if matches!(byte, b'\n' | b'\r') {
                return false;
            }
            self.at += 1;
            if byte > b' ' {
                self.fault = Some("something stands between a closing quote and the delimiter");
                return true;
            }
        }
        false
    }

    /// Reads an escape, if one stands here.
    fn escaped(&mut self, fields: &mut Fields) -> bool {
        let escape = self.options.escape.map_or(0, |escape| escape.found_at(self.bytes, self.at));
        if escape == 0 {
            return false;
        }
        self.at += escape;
        match self.bytes.get(self.at).copied() {
            Some(byte) => {
                fields.text.push(match byte {
                    b'0' => 0,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    other => other,
                });
                self.at += 1;
            }
            None => self.fault = Some("nothing stands behind its last escape character"),
        }
        true
    }

    fn line_end(&self) -> usize {
        match (self.bytes.get(self.at), self.bytes.get(self.at + 1)) {
            (Some(b'\r'), Some(b'\n')) => self.at + 2,
            (Some(_), _) => self.at + 1,
            _ => self.at,
        }
    }
}
