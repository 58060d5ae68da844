//! Hands series to the sink from the reading thread: it waits for room, which is the back-pressure, until a
//! signal comes.

use narthex_sink::{SeriesSender, SinkError, TimeSeries};
use tokio::runtime::Handle;

use crate::stop::Stop;

/// A way into the sink for a thread that may block.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    pub(crate) sender: SeriesSender,
    pub(crate) stop: Stop,
    pub(crate) runtime: Handle,
}

impl Offer {
    /// Hands a series over, waiting for room. After a signal it waits no more and goes over the queue's bound:
    /// what was read must have a fate, and the reader holds no more than it read last.
    ///
    /// # Errors
    /// When the sink has stopped.
    pub(crate) fn send(&self, series: TimeSeries) -> Result<(), SinkError> {
        let Err(series) = self.sender.try_send(series) else { return Ok(()) };
        if self.stop.is_set() {
            return self.sender.send_over(series);
        }
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                sent = self.sender.send(series.clone()) => sent,
                () = self.stop.wait() => self.sender.send_over(series),
            }
        })
    }
}
