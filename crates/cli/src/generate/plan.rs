//! From flags to a plan: everything that the bytes of a stream depend on, or all mistakes at once.

use super::GenerateArgs;
use super::inject::{Injection, Ratios};
use super::time::{parse_span_us, parse_time};

/// Clean events when nothing says how many, and no rate makes the stream endless.
const DEFAULT_COUNT: u64 = 100_000;
/// Series or vehicles.
const DEFAULT_POPULATION: u64 = 1000;
/// Memory is 16 to 64 bytes each.
const MAX_POPULATION: u64 = 10_000_000;
/// `__name__` and `series` are always there.
const LABELS: std::ops::RangeInclusive<u32> = 2..=100;
const DEFAULT_LABELS: u32 = 10;
/// Time between two samples of a series, where neither flags nor the span below say otherwise.
const DEFAULT_STEP_US: u64 = 10_000_000;
/// Longest span of event time that is chosen by default: Prometheus refuses samples more than an hour behind
/// the newest that it holds, and one that scrapes itself holds samples of now.
const DEFAULT_SPAN_US: u64 = 50 * 60_000_000;
/// A sink refuses samples further ahead of the clock than `sink.max-future`, 10 minutes.
const MAX_AHEAD_MS: i64 = 600_000;

/// What is generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    /// Plain series as samples, for `narthex write --format ndjson`
    Series,
    /// Events of connected vehicles, for a pre-processing job
    Vehicles,
    /// The same vehicles, each event as a sample
    VehicleSeries,
}

impl Kind {
    /// Whether lines are samples, and not events.
    pub(super) fn is_samples(self) -> bool {
        self != Kind::Vehicles
    }

    /// Shortest time between two events of a subject. A vehicle's come at random; ten times the resolution
    /// leaves room to move those apart that would fall into one millisecond.
    fn min_step_us(self) -> u64 {
        if self == Kind::Series { 1000 } else { 10_000 }
    }
}

/// A valid combination of flags.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    pub(super) kind: Kind,
    pub(super) seed: u64,
    pub(super) start_ms: i64,
    /// Series or vehicles.
    pub(super) population: u32,
    /// Labels of a plain series, `__name__` among them.
    pub(super) labels: u32,
    /// Event time between two events of a subject, on average.
    pub(super) step_us: u64,
    /// Clean events; `None` is endless.
    pub(super) limit: Option<u64>,
    /// Clean events a second of real time; `None` is as fast as possible.
    pub(super) rate: Option<f64>,
    pub(super) ratios: Ratios,
    /// Whether events tell where they were made.
    pub(super) positions: bool,
}

/// A mistake: the flag without its dashes, and what is wrong.
pub(super) type Mistake = (&'static str, String);

/// Mistakes in the flags, collected.
#[derive(Debug, Default)]
struct Mistakes(Vec<Mistake>);

impl Mistakes {
    fn check(&mut self, flag: &'static str, right: bool, mistake: impl FnOnce() -> String) {
        if !right {
            self.0.push((flag, mistake()));
        }
    }

    /// The parsed flag, or a note of its mistake.
    fn parse<T>(
        &mut self,
        flag: &'static str,
        text: Option<&str>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        parse(text?).map_err(|mistake| self.0.push((flag, mistake))).ok()
    }
}

impl Plan {
    /// The plan of these flags. `now_ms` is needed for the default of `--start` alone.
    ///
    /// # Errors
    /// Every mistake, one sentence each.
    pub(super) fn new(args: &GenerateArgs, now_ms: i64) -> Result<Self, Vec<Mistake>> {
        let mut mistakes = Mistakes::default();
        check_kind(args, &mut mistakes);
        let population = population(args, &mut mistakes);
        let labels = args.labels.unwrap_or(DEFAULT_LABELS);
        mistakes.check("labels", LABELS.contains(&labels), || format!("{labels} is not between 2 and 100"));
        let rate = rate(args, &mut mistakes);
        let ratios = ratios(args, &mut mistakes);
        let step = mistakes.parse("step", args.step.as_deref(), parse_span_us);
        let span = mistakes.parse("duration", args.duration.as_deref(), parse_span_us);
        let start = mistakes.parse("start", args.start.as_deref(), parse_time);
        for (flag, count) in [("count", args.count), ("samples-per-series", args.samples_per_series)] {
            mistakes.check(flag, count != Some(0), || "0 is nothing; write at least 1".to_owned());
        }

        let count = limit_by_count(args, population);
        let count =
            if count.is_none() && span.is_none() && rate.is_none() { Some(DEFAULT_COUNT) } else { count };
        let step_us = step.unwrap_or_else(|| default_step(rate, count, span, population));
        let least = args.kind.min_step_us();
        mistakes.check("step", step_us >= least, || {
            let (us, least) = (step_us as f64 / 1000.0, least / 1000);
            format!(
                "{us} ms between two events of one subject is below {least} ms; take more subjects (--series, \
                 --devices) or a lower --rate"
            )
        });
        let by_span = span.map(|span| events_within(span, step_us, population));
        let limit = count.into_iter().chain(by_span).min();
        check_pace(rate, limit, step_us, population, &mut mistakes);
        if !mistakes.0.is_empty() {
            return Err(mistakes.0);
        }
        let mut plan = Self {
            kind: args.kind,
            seed: args.seed,
            start_ms: 0,
            population: population as u32,
            labels,
            step_us,
            limit,
            rate,
            ratios,
            positions: args.positions,
        };
        plan.start_ms = start.unwrap_or(now_ms - plan.lead_ms());
        Ok(plan)
    }

    /// How much longer the stream is in event time than in real time: a default start lies as far in the
    /// past, so that the last event is of about now.
    fn lead_ms(&self) -> i64 {
        let Some(limit) = self.limit else { return 0 };
        let event_ms = span_us(limit, self.step_us, u64::from(self.population)) / 1000;
        let real_ms = self.rate.map_or(0, |rate| (limit as f64 / rate * 1000.0) as u64);
        i64::try_from(event_ms.saturating_sub(real_ms)).unwrap_or(i64::MAX).min(i64::MAX / 4)
    }

    /// What the user should know about event times, if they are out of the ordinary.
    pub(super) fn note(&self, now_ms: i64) -> Option<String> {
        let lead = self.lead_ms();
        let ahead = self.start_ms.saturating_add(lead).saturating_sub(now_ms);
        if ahead > MAX_AHEAD_MS {
            return Some(format!(
                "event time ends {} s ahead of the clock; a sink drops what is more than 600 s ahead",
                ahead / 1000
            ));
        }
        (lead > 3_600_000).then(|| {
            format!(
                "event time spans {} s more than the run; a receiver that already holds newer samples refuses what \
                 is more than 3600 s behind them",
                lead / 1000
            )
        })
    }
}

fn check_kind(args: &GenerateArgs, mistakes: &mut Mistakes) {
    let series = args.kind == Kind::Series;
    let flags = [
        ("series", args.series.is_some() && !series, "vehicles are counted by --devices"),
        ("labels", args.labels.is_some() && !series, "a vehicle has the labels vehicleId and region"),
        ("devices", args.devices.is_some() && series, "plain series are counted by --series"),
        ("bad-label", is_wanted(args.bad_label) && !args.kind.is_samples(), "events have no labels"),
        ("nan", is_wanted(args.nan) && !args.kind.is_samples(), "an event's measurement is an integer"),
        (
            "positions",
            args.positions && args.kind != Kind::Vehicles,
            "only events of vehicles have a position",
        ),
    ];
    for (flag, wrong, why) in flags {
        mistakes.check(flag, !wrong, || format!("does not go with this --kind; {why}"));
    }
}

fn is_wanted(ratio: Option<f64>) -> bool {
    ratio.is_some_and(|ratio| ratio > 0.0)
}

fn population(args: &GenerateArgs, mistakes: &mut Mistakes) -> u64 {
    let (flag, given) =
        if args.kind == Kind::Series { ("series", args.series) } else { ("devices", args.devices) };
    let population = given.unwrap_or(DEFAULT_POPULATION);
    mistakes.check(flag, (1..=MAX_POPULATION).contains(&population), || {
        format!("{population} is not between 1 and {MAX_POPULATION}")
    });
    population.clamp(1, MAX_POPULATION)
}

fn rate(args: &GenerateArgs, mistakes: &mut Mistakes) -> Option<f64> {
    let right = args.rate == 0.0 || (0.001..=1e9).contains(&args.rate);
    mistakes.check("rate", right, || {
        format!("{} is not 0 (as fast as possible) or between 0.001 and 1000000000", args.rate)
    });
    (right && args.rate > 0.0).then_some(args.rate)
}

fn ratios(args: &GenerateArgs, mistakes: &mut Mistakes) -> Ratios {
    let flags = [
        ("out-of-order", Injection::OutOfOrder, args.out_of_order),
        ("late", Injection::Late, args.late),
        ("duplicate", Injection::Duplicate, args.duplicate),
        ("conflict", Injection::Conflict, args.conflict),
        ("malformed", Injection::Malformed, args.malformed),
        ("bad-label", Injection::BadLabel, args.bad_label),
        ("nan", Injection::Nan, args.nan),
        ("future", Injection::Future, args.future),
        ("gps-jump", Injection::GpsJump, args.gps_jump),
    ];
    let mut ratios = Ratios::default();
    let before = mistakes.0.len();
    for (flag, injection, ratio) in flags {
        let ratio = ratio.unwrap_or_default();
        mistakes.check(flag, (0.0..=1.0).contains(&ratio), || format!("{ratio} is not between 0 and 1"));
        ratios.set(injection, ratio);
    }
    let sum = ratios.sum();
    mistakes.check("late", mistakes.0.len() > before || sum <= 1.0 + 1e-9, || {
        format!("the ratios of all injected errors add up to {sum}, more than 1")
    });
    mistakes
        .check("gps-jump", args.positions || !is_wanted(args.gps_jump), || "needs --positions".to_owned());
    ratios
}

fn limit_by_count(args: &GenerateArgs, population: u64) -> Option<u64> {
    let rounds = args.samples_per_series.map(|rounds| rounds.saturating_mul(population));
    args.count.into_iter().chain(rounds).min()
}

/// With a rate, event time keeps pace with real time; without, as long a step as the default span allows.
fn default_step(rate: Option<f64>, count: Option<u64>, span: Option<u64>, population: u64) -> u64 {
    match (rate, count, span) {
        (Some(rate), ..) => (population as f64 * 1e6 / rate) as u64,
        (None, Some(count), None) => {
            let most = u128::from(DEFAULT_SPAN_US) * u128::from(population) / u128::from(count.max(1));
            u64::try_from(most).unwrap_or(u64::MAX).min(DEFAULT_STEP_US)
        }
        _ => DEFAULT_STEP_US,
    }
}

/// Event time of so many events.
fn span_us(events: u64, step_us: u64, population: u64) -> u64 {
    u64::try_from(u128::from(events) * u128::from(step_us) / u128::from(population)).unwrap_or(u64::MAX)
}

/// How many events begin within a span.
fn events_within(span_us: u64, step_us: u64, population: u64) -> u64 {
    let events = (u128::from(span_us) * u128::from(population)).div_ceil(u128::from(step_us.max(1)));
    u64::try_from(events).unwrap_or(u64::MAX)
}

/// An endless stream must not run ahead of the clock.
fn check_pace(rate: Option<f64>, limit: Option<u64>, step_us: u64, population: u64, mistakes: &mut Mistakes) {
    let Some(rate) = rate else { return };
    let speed = step_us as f64 * rate / (population as f64 * 1e6);
    mistakes.check("step", limit.is_some() || speed < 1.0 + 1e-6, || {
        format!(
            "event time would run {speed:.1} times as fast as real time for ever; leave --step out, or give \
             --count or --duration"
        )
    });
}
