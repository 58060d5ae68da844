//! The quick way through a record that looks like those before it.
//!
//! Field names are compared with those of the records before, in their order; texts without escapes and whole numbers
//! are read in place; other values go through the ordinary reader, one by one. Whatever is odd about a record (a
//! repeated key, an escape in a name, anything wrong) makes it give up: the caller reads the record the ordinary way.

use narthex_model::begins_with;

use super::super::column::Column;
use super::convert::{Kind, Plan, RowPlan, Rules};
use super::tokens::{ONES, Token, Tokens, find_string_end};

/// After so many records in a row that were not as foreseen, the order of fields is learned anew.
const MOST_MISSES: u32 = 16;

/// A field as it stood in a record: `"name":`, and its column.
struct Seen {
    text: Vec<u8>,
    column: Option<usize>,
}

/// What was seen, and room for the ordinary reader.
#[derive(Default)]
pub(super) struct Fast {
    fields: Vec<Seen>,
    misses: u32,
    pub(super) levels: Vec<bool>,
}

impl Fast {
    /// Reads a record as one row more than `row`. None if it gave up: then the columns have to be cut back.
    pub(super) fn read(
        &mut self,
        line: &[u8],
        plan: &RowPlan,
        columns: &mut [Column],
        row: usize,
        rules: Rules,
    ) -> Option<()> {
        let mut taken = 0;
        let mut is_foreseen = true;
        let mut pos = blanks(line, 0);
        if line.get(pos)? != &b'{' {
            return None;
        }
        pos = blanks(line, pos + 1);
        for field in 0.. {
            if field == 0 && line.get(pos) == Some(&b'}') {
                break;
            }
            let (column, behind) = self.name(line, pos, field, plan, &mut is_foreseen)?;
            pos = blanks(line, behind);
            pos = match column {
                Some(at) if taken < plan.arity() => {
                    let (plan, column) = (plan.plans.get(at)?, columns.get_mut(at)?);
                    if column.len() != row {
                        return None;
                    }
                    taken += 1;
                    self.value(line, pos, plan, column, rules)?
                }
                _ => self.skip(line, pos)?,
            };
            pos = blanks(line, pos);
            match line.get(pos)? {
                b',' => pos = blanks(line, pos + 1),
                b'}' => break,
                _ => return None,
            }
        }
        self.learn(is_foreseen);
        if taken < columns.len() {
            return fill(columns, row, rules);
        }
        Some(())
    }

    /// A field's name and colon: its column, and what stands behind them.
    #[inline]
    fn name(
        &mut self,
        line: &[u8],
        pos: usize,
        field: usize,
        plan: &RowPlan,
        is_foreseen: &mut bool,
    ) -> Option<(Option<usize>, usize)> {
        let rest = line.get(pos..)?;
        if let Some(seen) = self.fields.get(field)
            && begins_with(rest, &seen.text)
        {
            return Some((seen.column, pos + seen.text.len()));
        }
        if rest.first()? != &b'"' {
            return None;
        }
        let end = find_string_end(line, pos + 1)?;
        if line.get(end)? != &b'"' {
            return None;
        }
        let colon = blanks(line, end + 1);
        if line.get(colon)? != &b':' {
            return None;
        }
        let column = plan.column(line.get(pos + 1..end)?);
        if self.fields.len() == field {
            self.fields.push(Seen { text: line.get(pos..=colon)?.to_vec(), column });
        } else {
            *is_foreseen = false;
        }
        Some((column, colon + 1))
    }

    fn learn(&mut self, is_foreseen: bool) {
        self.misses = if is_foreseen { 0 } else { self.misses + 1 };
        if self.misses >= MOST_MISSES {
            self.fields.clear();
            self.misses = 0;
        }
    }

    /// Reads a value; gives where it ends.
    #[inline]
    fn value(
        &mut self,
        line: &[u8],
        pos: usize,
        plan: &Plan,
        column: &mut Column,
        rules: Rules,
    ) -> Option<usize> {
        match &plan.kind {
            Kind::Text => {
                if let Some(end) = plain_text(line, pos) {
                    return column.push_range(line, pos + 1..end).then_some(end + 1);
                }
            }
            Kind::BigInt => {
                if let Some((value, end)) = plain_integer(line, pos) {
                    column.push(value);
                    return Some(end);
                }
            }
            Kind::Int => {
                if let Some((value, end)) = plain_integer(line, pos)
                    && let Ok(value) = i32::try_from(value)
                {
                    column.push(value);
                    return Some(end);
                }
            }
            _ => {}
        }
        self.ordinary(line, pos, |tokens| plan.read(tokens, column, rules).ok())
    }

    /// Passes over a value; gives where it ends.
    #[inline]
    fn skip(&mut self, line: &[u8], pos: usize) -> Option<usize> {
        if let Some(end) = plain_text(line, pos) {
            return Some(end + 1);
        }
        if let Some((_, end)) = plain_integer(line, pos) {
            return Some(end);
        }
        self.ordinary(line, pos, |tokens| tokens.skip_children().ok())
    }

    /// Lets the ordinary reader have one value. It must have read all of it and no more.
    fn ordinary(
        &mut self,
        line: &[u8],
        pos: usize,
        read: impl FnOnce(&mut Tokens<'_>) -> Option<()>,
    ) -> Option<usize> {
        let mut tokens = Tokens::new(line, pos, std::mem::take(&mut self.levels));
        let is_read = tokens.next().is_ok() && tokens.token() != Token::End && read(&mut tokens).is_some();
        let is_whole = is_read && tokens.depth() == 0;
        let end = tokens.pos();
        self.levels = tokens.into_levels();
        is_whole.then_some(end)
    }
}

#[inline]
fn blanks(line: &[u8], mut pos: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\r' | b'\n') = line.get(pos) {
        pos += 1;
    }
    pos
}

/// Where the text ends that begins at a position, if it is one and has no escapes.
#[inline]
fn plain_text(line: &[u8], pos: usize) -> Option<usize> {
    if line.get(pos)? != &b'"' {
        return None;
    }
    let end = find_string_end(line, pos + 1)?;
    (line.get(end)? == &b'"').then_some(end)
}

/// A whole number of at most 18 digits, and where it ends.
#[inline]
fn plain_integer(line: &[u8], pos: usize) -> Option<(i64, usize)> {
    let is_negative = line.get(pos)? == &b'-';
    let from = pos + usize::from(is_negative);
    let mut end = from;
    let mut value = 0i64;
    if let Some(eight) = line.get(from..).and_then(|rest| rest.first_chunk()).and_then(eight_digits) {
        value = eight;
        end += 8;
    }
    while let Some(digit @ b'0'..=b'9') = line.get(end) {
        if end - from == 18 {
            return None;
        }
        value = value * 10 + i64::from(digit - b'0');
        end += 1;
    }
    let has_leading_zero = end - from > 1 && line.get(from) == Some(&b'0');
    if end == from || has_leading_zero || matches!(line.get(end), Some(b'.' | b'e' | b'E')) {
        return None;
    }
    Some((if is_negative { -value } else { value }, end))
}

/// The number that eight digits are: pairs of neighbours become one, three times.
#[inline]
fn eight_digits(chunk: &[u8; 8]) -> Option<i64> {
    let word = u64::from_le_bytes(*chunk);
    // A digit's upper half is 3, also with 6 more.
    let upper = (word & (word.wrapping_add(ONES * 6))) & (ONES * 0xF0);
    if upper != ONES * 0x30 {
        return None;
    }
    let ones = word & (ONES * 0x0F);
    let pairs = (ones.wrapping_mul(10).wrapping_add(ones >> 8)) & 0x00FF_00FF_00FF_00FF;
    let fours = (pairs.wrapping_mul(100).wrapping_add(pairs >> 16)) & 0x0000_FFFF_0000_FFFF;
    let eight = (fours.wrapping_mul(10_000).wrapping_add(fours >> 32)) & 0xFFFF_FFFF;
    Some(eight as i64)
}

fn fill(columns: &mut [Column], row: usize, rules: Rules) -> Option<()> {
    for column in columns {
        if column.len() == row {
            if rules.fails_on_missing {
                return None;
            }
            column.push_null();
        }
    }
    Some(())
}
