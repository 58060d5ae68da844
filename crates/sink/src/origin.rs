//! Where a series comes from: what a refusal of it means depends on that.

use narthex_model::TimeSeries;

use crate::fate::Reason;

/// Where a series comes from. It goes with the series, as the mark of its labels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Origin {
    /// From the source, for the first time as far as anyone knows.
    #[default]
    New,
    /// From a snapshot of this very sink ([`crate::PrometheusSink::unsettled`]): the receiver may hold it.
    Restored,
    /// From a snapshot of sinks that had other shares of the series: newer samples of its series may have gone
    /// before it.
    Rescaled,
}

impl Origin {
    /// The series with this origin.
    #[must_use]
    pub fn stamp(self, series: TimeSeries) -> TimeSeries {
        TimeSeries { labels: series.labels.with_mark(self as u8), ..series }
    }

    /// The origin of a series.
    pub fn of(series: &TimeSeries) -> Self {
        match series.labels.mark() {
            1 => Origin::Restored,
            2 => Origin::Rescaled,
            _ => Origin::New,
        }
    }

    /// The reason for a sample that the order checks drop.
    pub(crate) fn reason_of_disorder(self, reason: Reason) -> Reason {
        match (self, reason) {
            (Origin::Rescaled, Reason::OutOfOrder | Reason::Duplicate) => Reason::Overtaken,
            _ => reason,
        }
    }
}
