//! Hands series to the sink, which batches, checks, sends and counts them.

use std::time::Duration;

use async_trait::async_trait;
use narthex_engine::{Error, Payload, Teller, Writer};
use narthex_sink::{PrometheusSink, Reason, SeriesSender};

use crate::blocking::sink_error;
use crate::definition::Context;
use crate::prometheus::settings::Settings;

/// Starts a sink for the table.
///
/// # Errors
/// When it cannot be built: all that is wrong.
pub(crate) async fn open(
    table: &str,
    settings: &Settings,
    context: &Context,
) -> Result<Box<dyn Writer>, Error> {
    let mut builder = settings.builder().clock(context.clock.clone()).user_agent(context.user_agent.clone());
    let has_own_letters = settings.options.iter().any(|(key, _)| key == "sink.dead-letters.path");
    if let Some(letters) = context.dead_letters.as_ref().filter(|_| !has_own_letters) {
        builder = builder.dead_letters(letters.clone());
    }
    if let Some(asked) = &settings.signer {
        let Some(signers) = &context.signers else { return Err(sink_error(table, "there are no signers")) };
        let signer = signers.signer(&asked.name, &settings.url, &asked.options).await;
        let signer =
            signer.map_err(|problem| sink_error(table, format!("metric.request-signer: {problem}")))?;
        builder = builder.signer(signer);
    }
    let sink = builder.build().map_err(|error| sink_error(table, error.to_string().replace('\n', "; ")))?;
    context.metrics.add(&sink, &[("job_number", &context.job_number.to_string()), ("table", table)]);
    Ok(Box::new(SeriesWriter { table: table.to_owned(), sender: sink.sender(), sink: Some(sink) }))
}

/// A sink that runs.
struct SeriesWriter {
    table: String,
    sender: SeriesSender,
    /// None when it is closed.
    sink: Option<PrometheusSink>,
}

#[async_trait]
impl Writer for SeriesWriter {
    async fn write(&mut self, payload: Payload, left: &mut u64) -> Result<(), Error> {
        let Payload::Series { mut series, unwritable, .. } = payload else {
            return Err(sink_error(&self.table, "rows came that are no series"));
        };
        for (series, message) in &unwritable {
            self.sender.discard_series(series, Reason::Null, message).await;
        }
        let mut waiting = series.drain(..);
        loop {
            self.sender.try_send_all(&mut waiting);
            *left = waiting.len() as u64;
            // The first that has no room is waited for; the rest tries again.
            let Some(next) = waiting.next() else { return Ok(()) };
            self.sender.send(next).await.map_err(|error| sink_error(&self.table, error.to_string()))?;
        }
    }

    async fn flush(&mut self) -> Result<(), Error> {
        let Some(sink) = &self.sink else { return Ok(()) };
        sink.flush().await.map_err(|error| sink_error(&self.table, error.to_string()))
    }

    fn teller(&self) -> Option<Teller> {
        let ledger = self.sink.as_ref()?.ledger_reader();
        Some(Box::new(move || serde_json::to_value(ledger()).unwrap_or_default()))
    }

    async fn finish(&mut self) -> Result<(), Error> {
        // This may be given up, and the sink is still there to be ended; what is left to close waits for nothing.
        self.flush().await?;
        self.close(None).await
    }

    async fn abort(&mut self, limit: Duration) {
        // Why the job has failed is known; what is left is in the ledger.
        let _ = self.close(Some(limit)).await;
    }
}

impl SeriesWriter {
    async fn close(&mut self, limit: Option<Duration>) -> Result<(), Error> {
        let Some(sink) = self.sink.take() else { return Ok(()) };
        let Err(closed) = sink.close_within(limit).await else { return Ok(()) };
        let told = format!("{closed}; {} samples are not settled", closed.ledger.pending);
        Err(sink_error(&self.table, told))
    }
}
