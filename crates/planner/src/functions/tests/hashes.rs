//! Hashes, and bytes as texts.

use super::{Answer, check};

#[test]
fn hashes_are_as_in_flink() {
    check(ANSWERS);
}

#[rustfmt::skip]
pub(super) const ANSWERS: &[Answer] = &[
    ("FROM_BASE64('aGVsbG8gd29ybGQ=')", "'hello world'", "STRING NOT NULL"),
    ("FROM_BASE64('aGVsbG8gd29ybGQ')", "'hello world'", "STRING NOT NULL"),
    ("FROM_BASE64('/w==')", "'�'", "STRING NOT NULL"),
    ("FROM_BASE64('')", "''", "STRING NOT NULL"),
    ("TO_BASE64('hello world')", "'aGVsbG8gd29ybGQ='", "STRING NOT NULL"),
    ("TO_BASE64('')", "''", "STRING NOT NULL"),
    ("DECODE(x'ff', 'UTF-8')", "'�'", "STRING NOT NULL"),
    ("DECODE(x'ff', 'ISO-8859-1')", "'ÿ'", "STRING NOT NULL"),
    ("DECODE(x'00410042', 'UTF-16')", "'AB'", "STRING NOT NULL"),
    ("DECODE(x'00410042', 'UTF-16BE')", "'AB'", "STRING NOT NULL"),
    ("ENCODE(s, 'UTF-8')", "x48656c6c6f", "BYTES"),
    ("ENCODE('é', 'US-ASCII')", "x3f", "BYTES NOT NULL"),
    ("ENCODE('é', 'ISO-8859-1')", "xe9", "BYTES NOT NULL"),
    ("ENCODE('é', 'UTF-16')", "xfeff00e9", "BYTES NOT NULL"),
    ("ENCODE('é', 'UTF-16LE')", "xe900", "BYTES NOT NULL"),
    ("MD5('abc')", "'900150983cd24fb0d6963f7d28e17f72'", "CHAR(32) NOT NULL"),
    ("MD5(s)", "'8b1a9953c4611296a827abf8c47804d7'", "CHAR(32)"),
    ("SHA1('abc')", "'a9993e364706816aba3e25717850c26c9cd0d89d'", "CHAR(40) NOT NULL"),
    ("SHA224('abc')", "'23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7'", "CHAR(56) NOT NULL"),
    ("SHA256('abc')", "'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'", "CHAR(64) NOT NULL"),
    ("SHA384('abc')", "'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7'", "CHAR(96) NOT NULL"),
    ("SHA512('abc')", "'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f'", "CHAR(128) NOT NULL"),
    ("SHA2('abc', 256)", "'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'", "VARCHAR(128) NOT NULL"),
    ("SHA2('abc', 512)", "'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f'", "VARCHAR(128) NOT NULL"),
    ("SHA2('abc', 224)", "'23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7'", "VARCHAR(128) NOT NULL"),
    ("SHA2('abc', 384)", "'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7'", "VARCHAR(128) NOT NULL"),
    ("SHA2('abc', ni)", "NULL", "VARCHAR(128)"),
    ("BIN(4)", "'100'", "STRING NOT NULL"),
    ("BIN(-1)", "'1111111111111111111111111111111111111111111111111111111111111111'", "STRING NOT NULL"),
    ("BIN(ti)", "'111'", "STRING"),
    ("BIN(l)", "'111'", "STRING"),
    ("BIN(ni)", "NULL", "STRING"),
    ("HEX(20)", "'14'", "STRING NOT NULL"),
    ("HEX(-1)", "'FFFFFFFFFFFFFFFF'", "STRING NOT NULL"),
    ("HEX('hello')", "'68656C6C6F'", "STRING NOT NULL"),
    ("HEX(s)", "'48656C6C6F'", "STRING"),
    ("HEX(l)", "'7'", "STRING"),
    ("HEX('é')", "'C3A9'", "STRING NOT NULL"),
    ("UNHEX('466C696E6B')", "x466c696e6b", "BYTES"),
    ("UNHEX('466')", "x0066", "BYTES"),
    ("UNHEX('zz')", "NULL", "BYTES"),
    ("UNHEX('')", "x", "BYTES"),
    ("UNHEX('6c6C')", "x6c6c", "BYTES"),
    ("DECODE(UNHEX('466C696E6B'), 'UTF-8')", "'Flink'", "STRING"),
    ("HEX(ni)", "NULL", "STRING"),
    ("UNHEX(s)", "NULL", "BYTES"),
    ("UNHEX(ns)", "NULL", "BYTES"),
    ("TO_BASE64(bb)", "'SGVsbG8='", "STRING"),
    ("DECODE(bb, 'utf-8')", "'Hello'", "STRING"),
    ("MD5(bb)", "'8b1a9953c4611296a827abf8c47804d7'", "CHAR(32)"),
    ("SHA256(ns)", "NULL", "CHAR(64)"),
    ("BIN(si)", "'111'", "STRING"),
];
