//! Functions of addresses: their parts, and how texts are written in them.

use narthex_sql::{DataType, Mistake};

use crate::bound::Bound;
use crate::functions::Arguments;
use crate::functions::arguments::Want::Text;
use crate::functions::rows::{slices, text, texts};

/// As `application/x-www-form-urlencoded` has it: a blank is `+`.
pub(super) fn encode(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text], 1)?;
    arguments.call(DataType::STRING, |columns, rows| {
        let input = text(&columns[0]);
        texts(columns, rows, |row, out| {
            for byte in input.value(row).bytes() {
                match byte {
                    b' ' => out.push('+'),
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'*' | b'_' => {
                        out.push(char::from(byte))
                    }
                    _ => crate::functions::rows::push(out, format_args!("%{byte:02X}")),
                }
            }
            Ok(true)
        })
    })
}

/// Null where a `%` stands before anything but two hexadecimal digits.
pub(super) fn decode(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text], 1)?;
    arguments.call(DataType::STRING, |columns, rows| {
        let input = text(&columns[0]);
        texts(columns, rows, |row, out| match decoded(input.value(row)) {
            Some(bytes) => {
                out.push_str(&String::from_utf8_lossy(&bytes));
                Ok(true)
            }
            None => Ok(false),
        })
    })
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                (digit()? * 16 + digit()?) as u8
            }
            _ => byte,
        });
    }
    Some(bytes)
}

/// `PARSE_URL(url, part [, key])`; null for what is no address that Java knows.
pub(super) fn parse_url(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text, Text, Text], 2)?;
    arguments.call(DataType::STRING, |columns, rows| {
        let (url, part, key) = (text(&columns[0]), text(&columns[1]), columns.get(2).map(text));
        slices(columns, rows, |row| {
            let found = Url::parse(url.value(row)).and_then(|url| url.part(part.value(row)));
            Ok(match key {
                None => found,
                Some(_) if part.value(row) != "QUERY" => None,
                Some(key) => found.and_then(|query| of_key(query, key.value(row))),
            })
        })
    })
}

fn of_key<'a>(query: &'a str, key: &str) -> Option<&'a str> {
    query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='))
}

/// The parts of an address, as `java.net.URL` sees them.
struct Url<'a> {
    protocol: &'a str,
    authority: Option<&'a str>,
    user: Option<&'a str>,
    host: &'a str,
    path: &'a str,
    query: Option<&'a str>,
    /// Path and query.
    file: &'a str,
    reference: Option<&'a str>,
}

impl<'a> Url<'a> {
    fn parse(url: &'a str) -> Option<Self> {
        let url = url.trim_matches(|character| character <= ' ');
        let (protocol, rest) = url.split_once(':')?;
        let known = ["http", "https", "ftp", "file", "jar", "mailto", "jmod", "jrt"];
        let protocol = known.into_iter().find(|known| protocol.eq_ignore_ascii_case(known))?;
        let (rest, reference) = match rest.split_once('#') {
            Some((rest, reference)) => (rest, Some(reference)),
            None => (rest, None),
        };
        let (authority, file) = match rest.strip_prefix("//") {
            Some(rest) => {
                let end = rest.find(['/', '?']).unwrap_or(rest.len());
                (Some(&rest[..end]).filter(|authority| !authority.is_empty()), &rest[end..])
            }
            None => (None, rest),
        };
        let (path, query) = match file.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (file, None),
        };
        let (user, server) = match authority.and_then(|authority| authority.split_once('@')) {
            Some((user, server)) => (Some(user), server),
            None => (None, authority.unwrap_or("")),
        };
        let host = host(server)?;
        Some(Self { protocol, authority, user, host, path, query, file, reference })
    }

    fn part(&self, part: &str) -> Option<&'a str> {
        match part {
            "HOST" => Some(self.host),
            "PATH" => Some(self.path),
            "QUERY" => self.query,
            "REF" => self.reference,
            "PROTOCOL" => Some(self.protocol),
            "FILE" => Some(self.file),
            "AUTHORITY" => self.authority,
            "USERINFO" => self.user,
            _ => None,
        }
    }
}

/// The host before a port, which must be a number.
fn host(server: &str) -> Option<&str> {
    let end = match server.strip_prefix('[') {
        Some(inside) => inside.find(']')? + 2,
        None => server.find(':').unwrap_or(server.len()),
    };
    let port = &server[end..];
    let digits = port.strip_prefix(':').unwrap_or(port);
    (digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(&server[..end])
}
