//! Options of any table that is read and tells time.

use std::time::Duration;

use narthex_engine::Watermarks;

use crate::options::{OptionInfo, Options, one_of};

const IDLE_TIMEOUT: &str = "scan.watermark.idle-timeout";
const EMIT_STRATEGY: &str = "scan.watermark.emit.strategy";
/// When time is told.
const STRATEGIES: [&str; 2] = ["on-event", "on-periodic"];

/// When a table that is silent is passed over.
pub(crate) const IDLE_TIMEOUT_INFO: OptionInfo = OptionInfo {
    key: IDLE_TIMEOUT,
    takes: "duration",
    default: "",
    doc: "Without new rows for so long, the table does not hold back the time of others that it is joined or united with. A file that has ended does not hold back the time of its table.",
};

/// When the watermark is told.
pub(crate) const EMIT_STRATEGY_INFO: OptionInfo = OptionInfo {
    key: EMIT_STRATEGY,
    takes: "`on-event` or `on-periodic`",
    default: "on-event",
    doc: "When the watermark is told: behind each row, so that the same rows are late in each run, or every `pipeline.auto-watermark-interval`, as Flink does by default.",
};

/// Reads them.
pub(crate) fn read(options: &mut Options<'_>) -> Watermarks {
    let idle_timeout = options.duration(IDLE_TIMEOUT, Duration::from_millis(1));
    let strategy = options.text(EMIT_STRATEGY).map(str::to_owned);
    let is_known = |strategy: &&String| STRATEGIES.iter().any(|known| known.eq_ignore_ascii_case(strategy));
    if let Some(strategy) = strategy.as_ref().filter(|strategy| !is_known(strategy)) {
        options.bad_value::<()>(EMIT_STRATEGY, one_of(strategy, &STRATEGIES));
    }
    let is_periodic = strategy.is_some_and(|strategy| strategy.eq_ignore_ascii_case(STRATEGIES[1]));
    Watermarks { idle_timeout, is_periodic }
}
