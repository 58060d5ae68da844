//! Lines of JSON as rows.

use narthex_engine::{BadRecord, Decoded, Error};
use narthex_sql::DataType;

use super::super::batch::BatchColumns;
use super::super::scalar::has_decimal;
use super::super::{ParseErrors, RecordDecoder, excerpt};
use super::convert::{Fault, RowPlan, Rules};
use super::fast::Fast;
use super::options::JsonOptions;
use super::tokens::{Broken, Token, Tokens};

/// What some systems write at the beginning of a text.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Decodes lines. Its columns keep their room from call to call.
pub(super) struct JsonDecoder {
    plan: RowPlan,
    columns: BatchColumns,
    rules: Rules,
    fast: Fast,
    /// Off only in tests that compare both ways.
    pub(super) is_fast: bool,
}

impl JsonDecoder {
    /// Of these columns.
    pub(super) fn new(options: &JsonOptions, columns: &[(String, DataType)]) -> Result<Self, String> {
        let rules = Rules {
            ignores_errors: options.parse_errors == ParseErrors::Ignore,
            fails_on_missing: options.fail_on_missing_field,
            timestamp_format: options.timestamp_format,
            has_decimal: columns.iter().any(|(_, data_type)| has_decimal(data_type)),
        };
        Ok(Self {
            plan: RowPlan::new(columns)?,
            columns: BatchColumns::new(columns.iter().map(|(name, data_type)| (name.as_str(), data_type)))?,
            rules,
            fast: Fast::default(),
            is_fast: true,
        })
    }

    /// Reads a line that is all UTF-8 as one row more than `row`.
    fn read(&mut self, line: &[u8], row: usize) -> Result<(), Fault> {
        let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        if self.is_fast {
            if self.fast.read(line, &self.plan, &mut self.columns.all, row, self.rules).is_some() {
                return Ok(());
            }
            self.columns.cut_back(row);
        }
        let result = self.read_ordinarily(line, row);
        if result.is_err() {
            self.columns.cut_back(row);
        }
        result
    }

    fn read_ordinarily(&mut self, line: &[u8], row: usize) -> Result<(), Fault> {
        let mut tokens = Tokens::new(line, 0, std::mem::take(&mut self.fast.levels));
        let result = match tokens.next() {
            Ok(Token::StartObject) => self.plan.read(&mut tokens, &mut self.columns.all, row, self.rules),
            Ok(_) => Err(Fault::Broken(Broken { at: 0, why: "an object is expected" })),
            Err(broken) => Err(broken.into()),
        };
        self.fast.levels = tokens.into_levels();
        result
    }

    /// Reads a line that has bytes that are no UTF-8: they may stand behind the object.
    fn read_damaged(&mut self, line: &[u8], row: usize) -> Result<(), Fault> {
        let at = match std::str::from_utf8(line) {
            Ok(_) => return self.read(line, row),
            Err(error) => error.valid_up_to(),
        };
        let sound = line.get(..at).unwrap_or_default();
        self.read(sound, row).map_err(|fault| match fault {
            Fault::Broken(Broken { .. }) => Fault::Broken(Broken { at, why: "what follows is no UTF-8" }),
            field => field,
        })
    }
}

impl RecordDecoder for JsonDecoder {
    fn decode(&mut self, records: &[u8], place: &dyn Fn(u64) -> String) -> Result<Decoded, Error> {
        self.columns.cut_back(0);
        let is_utf8 = std::str::from_utf8(records).is_ok();
        let (mut rows, mut count, mut ignored, mut bad) = (0, 0, 0, Vec::new());
        for (at, line) in lines(records) {
            if line.is_empty() {
                continue;
            }
            count += 1;
            let result = if is_utf8 { self.read(line, rows) } else { self.read_damaged(line, rows) };
            match result {
                Ok(()) => rows += 1,
                Err(_) if self.rules.ignores_errors => ignored += 1,
                Err(fault) => {
                    let message = message(&fault, line);
                    bad.push(BadRecord { place: place(at), raw: line.to_vec(), message });
                }
            }
        }
        Ok(Decoded { batch: self.columns.finish(rows)?, records: count, ignored, bad })
    }
}

/// Lines without their ends, each with its number from 0.
fn lines(records: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let mut rest = records;
    let mut number = 0;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (line, behind) = match memchr::memchr(b'\n', rest) {
            Some(end) => (&rest[..end], &rest[end + 1..]),
            None => (rest, &[][..]),
        };
        rest = behind;
        number += 1;
        Some((number - 1, line.strip_suffix(b"\r").unwrap_or(line)))
    })
}

fn message(fault: &Fault, line: &[u8]) -> String {
    match fault {
        Fault::Field { path, why } => format!("cannot read the field {path}: {why}"),
        Fault::Broken(Broken { at, why }) => {
            let before = excerpt(line.get(at.saturating_sub(20)..*at).unwrap_or_default());
            format!("it is no JSON at byte {at}, behind {before:?}: {why}")
        }
    }
}
