//! Hashes, and bytes as texts: hexadecimal, base64, character sets.

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use base64::Engine;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose};
use datafusion_common::{DataFusionError, Result as Computed};
use md5::{Digest, Md5};
use narthex_sql::{DataType, Mistake};
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};

use super::arguments::Want::{Bytes, Long, Text};
use super::arguments::is_text;
use super::rows::{bytes, fail, push, text, texts};
use super::strings::bytes_at;
use super::{Arguments, Function};
use crate::bound::Bound;

/// See the module.
pub(super) const FUNCTIONS: &[Function] = &[
    Function { name: "BIN", usage: "BIN(integer)", bind: bin },
    Function { name: "DECODE", usage: "DECODE(BINARY, character set)", bind: decode },
    Function { name: "ENCODE", usage: "ENCODE(STRING, character set)", bind: encode },
    Function { name: "FROM_BASE64", usage: "FROM_BASE64(STRING)", bind: from_base64 },
    Function { name: "HEX", usage: "HEX(integer or STRING)", bind: hex },
    Function { name: "MD5", usage: "MD5(STRING)", bind: md5 },
    Function { name: "SHA1", usage: "SHA1(STRING)", bind: sha1 },
    Function { name: "SHA2", usage: "SHA2(STRING, 224 | 256 | 384 | 512)", bind: sha2 },
    Function { name: "SHA224", usage: "SHA224(STRING)", bind: sha224 },
    Function { name: "SHA256", usage: "SHA256(STRING)", bind: sha256 },
    Function { name: "SHA384", usage: "SHA384(STRING)", bind: sha384 },
    Function { name: "SHA512", usage: "SHA512(STRING)", bind: sha512 },
    Function { name: "TO_BASE64", usage: "TO_BASE64(STRING)", bind: to_base64 },
    Function { name: "UNHEX", usage: "UNHEX(STRING)", bind: unhex },
];

fn push_hex(out: &mut String, bytes: &[u8]) {
    bytes.iter().for_each(|byte| push(out, format_args!("{byte:02x}")));
}

fn hash<D: Digest>(arguments: Arguments<'_>, digits: u32) -> Result<Bound, Mistake> {
    let want = text_or_bytes(&arguments);
    let arguments = arguments.take(&[want], 1)?;
    let returns = arguments.strict(&DataType::Char(digits));
    arguments.call(returns, |columns, rows| {
        texts(columns, rows, |row, out| {
            push_hex(out, &D::digest(bytes_at(&columns[0], row)));
            Ok(true)
        })
    })
}

fn text_or_bytes(arguments: &Arguments<'_>) -> super::arguments::Want {
    let is_bytes = arguments
        .values
        .first()
        .is_some_and(|value| matches!(value.data_type.bare(), DataType::Binary(_) | DataType::Varbinary(_)));
    if is_bytes { Bytes } else { Text }
}

fn md5(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    hash::<Md5>(arguments, 32)
}

fn sha1(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    hash::<Sha1>(arguments, 40)
}

fn sha224(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    hash::<Sha224>(arguments, 56)
}

fn sha256(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    hash::<Sha256>(arguments, 64)
}

fn sha384(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    hash::<Sha384>(arguments, 96)
}

fn sha512(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    hash::<Sha512>(arguments, 128)
}

fn sha2(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let want = text_or_bytes(&arguments);
    let arguments = arguments.take(&[want, Long], 2)?;
    let returns = arguments.strict(&DataType::Varchar(128));
    arguments.call(returns, |columns, rows| {
        let bits = columns[1].as_primitive::<Int64Type>();
        texts(columns, rows, |row, out| {
            let input = bytes_at(&columns[0], row);
            match bits.value(row) {
                224 => push_hex(out, &Sha224::digest(input)),
                256 => push_hex(out, &Sha256::digest(input)),
                384 => push_hex(out, &Sha384::digest(input)),
                512 => push_hex(out, &Sha512::digest(input)),
                bits => return fail(format!("SHA2 has no {bits} bits; there are 224, 256, 384 and 512")),
            }
            Ok(true)
        })
    })
}

fn bin(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Long], 1)?;
    let returns = arguments.strict(&DataType::STRING);
    arguments.call(returns, |columns, rows| {
        let numbers = columns[0].as_primitive::<Int64Type>();
        texts(columns, rows, |row, out| {
            push(out, format_args!("{:b}", numbers.value(row)));
            Ok(true)
        })
    })
}

fn hex(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let is_text = arguments.values.first().is_some_and(|value| is_text(&value.data_type));
    let arguments = arguments.take(&[if is_text { Text } else { Long }], 1)?;
    let returns = arguments.strict(&DataType::STRING);
    arguments.call(returns, move |columns, rows| {
        texts(columns, rows, |row, out| {
            if is_text {
                text(&columns[0]).value(row).bytes().for_each(|byte| push(out, format_args!("{byte:02X}")));
            } else {
                push(out, format_args!("{:X}", columns[0].as_primitive::<Int64Type>().value(row)));
            }
            Ok(true)
        })
    })
}

/// An odd digit at the beginning is dropped, and a zero byte stands for it; what is no digit makes null.
fn unhex(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text], 1)?;
    arguments.call(DataType::BYTES, |columns, rows| {
        let input = text(&columns[0]);
        bytes(columns, rows, |row| Ok(unhexed(input.value(row))))
    })
}

fn unhexed(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).map(|digit| digit as u8)).collect();
    let digits = digits?;
    let (first, pairs) = digits.split_at(digits.len() % 2);
    Some(first.iter().map(|_| 0).chain(pairs.chunks(2).map(|pair| pair[0] * 16 + pair[1])).collect())
}

fn to_base64(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let want = text_or_bytes(&arguments);
    let arguments = arguments.take(&[want], 1)?;
    let returns = arguments.strict(&DataType::STRING);
    arguments.call(returns, |columns, rows| {
        texts(columns, rows, |row, out| {
            general_purpose::STANDARD.encode_string(bytes_at(&columns[0], row), out);
            Ok(true)
        })
    })
}

fn from_base64(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &ALPHABET,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let want = text_or_bytes(&arguments);
    let arguments = arguments.take(&[want], 1)?;
    let returns = arguments.strict(&DataType::STRING);
    arguments.call(returns, |columns, rows| {
        texts(columns, rows, |row, out| {
            let input = bytes_at(&columns[0], row);
            let decoded = LENIENT.decode(input).map_err(|error| {
                let input = String::from_utf8_lossy(input);
                DataFusionError::Execution(format!("FROM_BASE64: '{input}' is not base64: {error}"))
            })?;
            out.push_str(&String::from_utf8_lossy(&decoded));
            Ok(true)
        })
    })
}

/// The character sets that every Java knows.
#[derive(Clone, Copy)]
enum Charset {
    Ascii,
    Latin1,
    Utf8,
    Utf16 { is_big: bool, has_mark: bool },
}

impl Charset {
    fn find(name: &str) -> Computed<Self> {
        Ok(match name.to_uppercase().as_str() {
            "US-ASCII" | "ASCII" => Self::Ascii,
            "ISO-8859-1" | "ISO8859_1" | "LATIN1" => Self::Latin1,
            "UTF-8" | "UTF8" => Self::Utf8,
            "UTF-16" | "UTF16" => Self::Utf16 { is_big: true, has_mark: true },
            "UTF-16BE" => Self::Utf16 { is_big: true, has_mark: false },
            "UTF-16LE" => Self::Utf16 { is_big: false, has_mark: false },
            _ => {
                let known = "US-ASCII, ISO-8859-1, UTF-8, UTF-16, UTF-16BE, UTF-16LE";
                return fail(format!("there is no character set '{name}'; there are: {known}"));
            }
        })
    }

    fn decode(self, bytes: &[u8], out: &mut String) {
        match self {
            Self::Ascii => {
                out.extend(bytes.iter().map(|&byte| if byte < 128 { char::from(byte) } else { '\u{fffd}' }))
            }
            Self::Latin1 => out.extend(bytes.iter().map(|&byte| char::from(byte))),
            Self::Utf8 => out.push_str(&String::from_utf8_lossy(bytes)),
            Self::Utf16 { is_big, has_mark } => {
                let (is_big, bytes) = match bytes {
                    [0xfe, 0xff, rest @ ..] if has_mark => (true, rest),
                    [0xff, 0xfe, rest @ ..] if has_mark => (false, rest),
                    _ => (is_big, bytes),
                };
                let unit = |pair: &[u8]| match *pair {
                    [a, b] if is_big => u16::from_be_bytes([a, b]),
                    [a, b] => u16::from_le_bytes([a, b]),
                    _ => 0xfffd,
                };
                out.extend(
                    char::decode_utf16(bytes.chunks(2).map(unit)).map(|unit| unit.unwrap_or('\u{fffd}')),
                );
            }
        }
    }

    fn encode(self, text: &str) -> Vec<u8> {
        let below =
            |limit: u32| text.chars().map(|c| if u32::from(c) < limit { c as u8 } else { b'?' }).collect();
        match self {
            Self::Ascii => below(128),
            Self::Latin1 => below(256),
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Utf16 { is_big, has_mark } => {
                let mark = (has_mark && !text.is_empty()).then_some(0xfeff);
                let units = mark.into_iter().chain(text.encode_utf16());
                units.flat_map(|unit| if is_big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
            }
        }
    }
}

fn decode(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Bytes, Text], 2)?;
    let returns = arguments.strict(&DataType::STRING);
    arguments.call(returns, |columns, rows| {
        let charset = text(&columns[1]);
        texts(columns, rows, |row, out| {
            Charset::find(charset.value(row))?.decode(bytes_at(&columns[0], row), out);
            Ok(true)
        })
    })
}

fn encode(arguments: Arguments<'_>) -> Result<Bound, Mistake> {
    let arguments = arguments.take(&[Text, Text], 2)?;
    let returns = arguments.strict(&DataType::BYTES);
    arguments.call(returns, |columns, rows| {
        let (input, charset) = (text(&columns[0]), text(&columns[1]));
        bytes(columns, rows, |row| Ok(Some(Charset::find(charset.value(row))?.encode(input.value(row)))))
    })
}
