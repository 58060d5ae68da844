//! A time series: the unit of input of the sink (R1).

use smallvec::SmallVec;

use crate::{Labels, Sample};

/// The samples of one series; one of them needs no allocation.
pub type Samples = SmallVec<[Sample; 1]>;

/// A complete label set and the samples that belong to it, oldest first.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeSeries {
    /// The labels, `__name__` among them.
    pub labels: Labels,
    /// Samples in timestamp order; none is allowed and writes nothing.
    pub samples: Samples,
}

impl TimeSeries {
    /// A series of these samples.
    pub fn new(labels: Labels, samples: impl IntoIterator<Item = Sample>) -> Self {
        Self { labels, samples: samples.into_iter().collect() }
    }

    /// A series of one sample, without allocating.
    #[inline]
    pub fn single(labels: Labels, sample: Sample) -> Self {
        Self { labels, samples: SmallVec::from_buf([sample]) }
    }
}
