//! The stream itself: lines one after another, the same for the same plan, without a clock and without I/O.
//!
//! Clean events only rise in time, per series strictly. An injected error never changes the fate of another
//! line: it is a line of its own (but for NaN and a wrong position, which replace what is right), it comes after a clean event of its
//! series, and what a strict sink drops leaves no trace there.

use super::inject::{Fate, Injection, Injector};
use super::manifest::Manifest;
use super::plan::{Kind, Plan};
use super::rng::Rng;
use super::series::PlainSeries;
use super::subject::{Event, Spelling, Subjects, Value};
use super::vehicles::{Fleet, Shape};

/// Errors are injected into one of so many series that had a sample lately.
const RECENT: usize = 512;
/// How far back an out-of-order sample goes at most, in milliseconds; and not over the series' sample before.
const OUT_OF_ORDER_MS: i64 = 5000;
/// How far back a late sample goes, in milliseconds: 10 to 30 minutes, beyond usual watermarks.
const LATE_MS: (i64, i64) = (600_000, 1_800_000);
/// How far ahead a sample of the future is: ten years, so that it still is one when a recorded stream is old.
const FUTURE_MS: i64 = 3650 * 86_400_000;

/// Counts of what was generated so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) lines: u64,
    pub(super) clean: u64,
    /// By [`Injection::ALL`].
    pub(super) injected: [u64; Injection::ALL.len()],
}

/// A stream of lines; see the module.
pub(super) struct Stream {
    subjects: Box<dyn Subjects>,
    kind: Kind,
    limit: u64,
    step_ms: i64,
    clock: EventClock,
    values: Rng,
    injector: Injector,
    /// Slots of the newest clean events, a ring.
    recent: Vec<u32>,
    counts: Counts,
}

impl Stream {
    pub(super) fn new(plan: &Plan) -> Self {
        let subjects: Box<dyn Subjects> = match plan.kind {
            Kind::Series => Box::new(PlainSeries::new(plan.population, plan.labels)),
            Kind::Vehicles => {
                let fleet = Fleet::new(plan.population, Shape::Events, &mut Rng::new(plan.seed, 1));
                Box::new(if plan.positions { fleet.with_positions(Rng::new(plan.seed, 4)) } else { fleet })
            }
            Kind::VehicleSeries => {
                Box::new(Fleet::new(plan.population, Shape::Samples, &mut Rng::new(plan.seed, 1)))
            }
        };
        Self {
            subjects,
            kind: plan.kind,
            limit: plan.limit.unwrap_or(u64::MAX),
            step_ms: (plan.step_us / 1000) as i64,
            clock: EventClock::new(plan.start_ms, plan.step_us, u64::from(plan.population)),
            values: Rng::new(plan.seed, 2),
            injector: Injector::new(&plan.ratios, Rng::new(plan.seed, 3)),
            recent: Vec::with_capacity(RECENT),
            counts: Counts::default(),
        }
    }

    pub(super) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Appends the next clean line, and the injected one that may follow it; false at the end.
    #[inline]
    pub(super) fn append_next(&mut self, lines: &mut Vec<u8>, manifest: &mut Manifest) -> bool {
        if self.counts.clean >= self.limit {
            return false;
        }
        let mut event = self.subjects.next(self.clock.tick(), &mut self.values);
        let injection = self.injector.draw();
        if injection == Some(Injection::Nan) {
            event.value = Value::NaN;
            self.subjects.amend(event);
        }
        if injection == Some(Injection::GpsJump) {
            self.subjects.misplace(event.slot, self.injector.rng());
        }
        self.remember(event.slot);
        let start = lines.len();
        self.subjects.write(lines, event, Spelling::Plain);
        self.counts.lines += 1;
        self.counts.clean += 1;
        if let Some(injection) = injection {
            self.inject(injection, start, lines, manifest);
        }
        lines.push(b'\n');
        true
    }

    #[cold]
    fn inject(&mut self, injection: Injection, clean: usize, lines: &mut Vec<u8>, manifest: &mut Manifest) {
        let mut start = clean;
        if !injection.is_in_place() {
            lines.push(b'\n');
            start = lines.len();
            self.write_error(injection, lines);
            self.counts.lines += 1;
        }
        self.counts.injected[injection as usize] += 1;
        let fate =
            (self.kind.is_samples() || injection.fate() == Fate::Undecodable).then(|| injection.fate());
        manifest.push(injection, self.counts.lines, fate, &lines[start..]);
    }

    /// Appends a line of its own to a series that had one lately, relative to its newest.
    fn write_error(&mut self, injection: Injection, out: &mut Vec<u8>) {
        let rng = self.injector.rng();
        let slot = self.recent[rng.below(self.recent.len() as u64) as usize];
        let mut event = self.subjects.newest(slot);
        let spelling = match injection {
            Injection::OutOfOrder => {
                event.timestamp_ms -= rng.between(1, (self.step_ms - 1).clamp(1, OUT_OF_ORDER_MS));
                Spelling::Plain
            }
            Injection::Late => {
                event.timestamp_ms -= rng.between(LATE_MS.0, LATE_MS.1);
                Spelling::Plain
            }
            Injection::Conflict => {
                event.value = event.value.other();
                Spelling::Plain
            }
            Injection::Future => {
                event.timestamp_ms += FUTURE_MS;
                Spelling::Plain
            }
            Injection::BadLabel => Spelling::BadLabel,
            Injection::Malformed => return self.write_malformed(event, out),
            Injection::Duplicate | Injection::Nan | Injection::GpsJump => Spelling::Plain,
        };
        self.subjects.write(out, event, spelling);
    }

    fn write_malformed(&mut self, event: Event, out: &mut Vec<u8>) {
        let start = out.len();
        match self.injector.rng().below(4) {
            0 => {
                self.subjects.write(out, event, Spelling::Plain);
                let length = (out.len() - start) as u64;
                out.truncate(start + 1 + self.injector.rng().below(length - 1) as usize);
            }
            1 => out.extend_from_slice(b"-- sensor restarted --"),
            2 => self.subjects.write(out, event, Spelling::WordAsValue),
            _ => self.subjects.write(out, event, Spelling::WordAsTime),
        }
    }

    #[inline]
    fn remember(&mut self, slot: u32) {
        if self.recent.len() < RECENT {
            self.recent.push(slot);
        } else {
            self.recent[self.counts.clean as usize % RECENT] = slot;
        }
    }
}

/// Event time of the n-th clean event: `start + n * step / population`, without a division each time.
#[derive(Debug)]
struct EventClock {
    start_ms: i64,
    elapsed_us: u64,
    /// Of one microsecond, in parts of the population.
    remainder: u64,
    whole_us: u64,
    rest: u64,
    population: u64,
}

impl EventClock {
    fn new(start_ms: i64, step_us: u64, population: u64) -> Self {
        let (whole_us, rest) = (step_us / population, step_us % population);
        Self { start_ms, elapsed_us: 0, remainder: 0, whole_us, rest, population }
    }

    /// The time of this event; the next one's is a step on.
    #[inline]
    fn tick(&mut self) -> i64 {
        let now = self.start_ms.saturating_add((self.elapsed_us / 1000) as i64);
        self.elapsed_us = self.elapsed_us.saturating_add(self.whole_us);
        self.remainder += self.rest;
        if self.remainder >= self.population {
            self.remainder -= self.population;
            self.elapsed_us = self.elapsed_us.saturating_add(1);
        }
        now
    }
}
