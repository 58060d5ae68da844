//! How far rows of a table come behind the newest before them.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, TimeUnit};
use async_trait::async_trait;
use narthex_engine::{Encoder, Error, Payload, TableSink, Writer};
use parking_lot::Mutex;

/// Delays of a watermark that are tried, in milliseconds.
const DELAYS: [i64; 9] = [0, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000, 3_600_000];

/// What was seen of the times of a table's rows.
#[derive(Debug)]
pub(crate) struct Lateness {
    pub(crate) table: String,
    /// That of its watermark, if it is always the same.
    pub(crate) delay_ms: Option<i64>,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default, Clone)]
struct Counts {
    rows: u64,
    /// By delay, rows that would be behind the watermark.
    late: Vec<(i64, u64)>,
    /// How far the last of all comes behind the newest.
    most_ms: i64,
}

/// What a delay of the watermark comes to.
pub(crate) struct AtDelay {
    pub(crate) delay_ms: i64,
    pub(crate) late: u64,
    /// It is the one that the file says.
    pub(crate) is_own: bool,
}

impl Lateness {
    pub(crate) fn of(table: &str, delay_ms: Option<i64>) -> Self {
        let mut delays: Vec<i64> = match delay_ms {
            Some(own) => DELAYS.iter().copied().chain([own]).collect(),
            // Against its own watermark alone.
            None => vec![0],
        };
        delays.sort_unstable();
        delays.dedup();
        let late = delays.into_iter().map(|delay| (delay, 0)).collect();
        let counts = Mutex::new(Counts { late, ..Counts::default() });
        Self { table: table.to_owned(), delay_ms, counts }
    }

    /// Rows so far, and how far the last of all comes behind the newest, in milliseconds.
    pub(crate) fn rows(&self) -> (u64, i64) {
        let counts = self.counts.lock();
        (counts.rows, counts.most_ms)
    }

    /// Each delay that was tried.
    pub(crate) fn at_delays(&self) -> Vec<AtDelay> {
        let late = self.counts.lock().late.clone();
        let is_own = |delay: i64| self.delay_ms.is_none_or(|own| own == delay);
        late.into_iter()
            .map(|(delay_ms, late)| AtDelay { delay_ms, late, is_own: is_own(delay_ms) })
            .collect()
    }

    /// A row of this time came behind this watermark.
    fn count(counts: &mut Counts, own_ms: i64, time: i64, watermark: Option<i64>) {
        counts.rows += 1;
        let Some(watermark) = watermark else { return };
        // The watermark is the newest time so far, less the delay.
        let behind = watermark.saturating_add(own_ms).saturating_sub(time);
        counts.most_ms = counts.most_ms.max(behind);
        for (delay, late) in &mut counts.late {
            *late += u64::from(behind >= *delay);
        }
    }
}

/// Takes rows of a time and the watermark before it.
#[derive(Debug)]
pub(crate) struct TimesSink(pub(crate) Arc<Lateness>);

struct TimesEncoder(Arc<Lateness>);

struct TimesWriter;

#[async_trait]
impl TableSink for TimesSink {
    fn encoder(&self) -> Result<Box<dyn Encoder>, Error> {
        Ok(Box::new(TimesEncoder(self.0.clone())))
    }

    async fn open(&self) -> Result<Box<dyn Writer>, Error> {
        Ok(Box::new(TimesWriter))
    }
}

impl Encoder for TimesEncoder {
    fn encode(&mut self, batch: &RecordBatch) -> Result<Payload, Error> {
        let in_ms = |column: &ArrayRef| -> Result<ArrayRef, Error> {
            let ms = DataType::Timestamp(TimeUnit::Millisecond, None);
            let times = cast(column, &ms).map_err(|error| Error::Row(error.to_string()))?;
            cast(&times, &DataType::Int64).map_err(|error| Error::Row(error.to_string()))
        };
        let (times, watermarks) = (in_ms(batch.column(0))?, in_ms(batch.column(1))?);
        let (times, watermarks) = (times.as_primitive::<Int64Type>(), watermarks.as_primitive::<Int64Type>());
        let mut counts = self.0.counts.lock();
        let own_ms = self.0.delay_ms.unwrap_or(0);
        for row in (0..batch.num_rows()).filter(|row| times.is_valid(*row)) {
            let watermark = watermarks.is_valid(row).then(|| watermarks.value(row));
            Lateness::count(&mut counts, own_ms, times.value(row), watermark);
        }
        Ok(Payload::Rows(batch.num_rows() as u64))
    }
}

#[async_trait]
impl Writer for TimesWriter {
    async fn write(&mut self, _payload: Payload, left: &mut u64) -> Result<(), Error> {
        *left = 0;
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_late_by_delays_that_are_shorter() {
        let lateness = Lateness::of("t", Some(4_000));
        // The newest before them is 10 s.
        for time in [10_000, 9_999, 8_000, 7_000, 4_000] {
            Lateness::count(&mut lateness.counts.lock(), 4_000, time, Some(6_000));
        }
        Lateness::count(&mut lateness.counts.lock(), 4_000, 0, None);
        let late: Vec<_> = lateness.at_delays().iter().map(|at| (at.delay_ms, at.late, at.is_own)).collect();
        assert_eq!(
            late[..5],
            [(0, 5, false), (1_000, 3, false), (2_000, 3, false), (4_000, 1, true), (5_000, 1, false)]
        );
        assert_eq!(lateness.rows(), (6, 6_000));
    }
}
