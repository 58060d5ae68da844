//! A row of the fault matrix: what goes wrong, how narthex is told to take it, and what must come of it.

use narthex_receiver::Behaviour;

use crate::support::proxy::Act;

/// One row. Rows are made by [`row`] and the methods here, which read as a sentence.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// What goes wrong, in the words of the docs.
    pub name: &'static str,
    pub place: Place,
    pub input: Input,
    /// Vehicles of which the receiver holds a newer sample than the input's, from somebody else.
    pub overtaken: &'static [usize],
    pub discards_rejected: bool,
    pub discards_exhausted: bool,
    pub checks: &'static str,
    pub end: End,
    /// Further flags.
    pub flags: &'static str,
    pub seen: Seen,
    /// Attempts that the ledger counts as retries; none: those with a `Retry-Attempt` header.
    pub retries: Option<u64>,
    /// The ledger, as [`crate::support::ledger::expected`] reads it.
    pub ledger: &'static str,
    /// Samples of the input that the receiver holds in the end, where that is not what the ledger says.
    pub held: Option<u64>,
    pub exit: i32,
    /// What must stand on standard error.
    pub says: &'static [&'static str],
    /// The shortest time between two requests that must occur.
    pub waits_ms: i64,
    /// Samples that the receiver acknowledged although they were older than others: none but with checks off.
    pub disorder: u64,
}

/// What stands at the other end.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    /// The strict receiver with a fault script.
    Receiver(Behaviour, &'static str),
    /// The same behind a proxy that does this to the first requests.
    Proxy(&'static [Act]),
    /// A port at which nobody listens.
    Closed,
    /// A name that does not exist.
    NoSuchName,
    /// Plain HTTP where the URL says https.
    PlainBehindHttps,
    /// HTTPS with a certificate that the flags trust.
    TrustedHttps,
    /// HTTPS with a certificate of a CA that the flags do not name.
    UnknownCa,
    /// HTTPS that is trusted for the first request, then shows another CA's certificate for a while.
    CertificateReplaced,
}

/// Everybody's first sample, then everybody's second, a line each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Input {
    pub vehicles: usize,
    pub samples: usize,
    /// Samples in a request.
    pub batch: usize,
    /// Bad lines at the end of the input.
    pub extra: Extra,
}

/// What follows the good lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extra {
    Nothing,
    /// One sample of V3, a second older than its others.
    Older,
    /// V3's newest timestamp with another value.
    Conflict,
    /// V3's newest sample again.
    Same,
    /// One sample a day ahead.
    Future,
    /// One sample with a label of 20 kB.
    Large,
}

/// How the run ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum End {
    /// With the input.
    Bounded,
    /// By a signal while the input is open, as soon as [`Moment`] has come.
    Signal(&'static str, Moment),
    /// By itself while the input is open.
    ByItself,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Moment {
    /// The receiver has seen this many requests.
    Requests(u64),
    /// This stands on standard error.
    Says(&'static str),
}

/// Which requests arrive.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Seen {
    /// Exactly these, in the notation of [`crate::wire::notation`].
    Exactly(&'static str),
    /// So many, beginning with these.
    Between(u64, u64, &'static str),
    /// None; narthex makes this many attempts.
    Attempts(u64, u64),
}

pub(crate) const fn row(name: &'static str) -> Row {
    Row {
        name,
        place: Place::Receiver(Behaviour::Prometheus3, ""),
        input: Input { vehicles: 20, samples: 1, batch: 10, extra: Extra::Nothing },
        overtaken: &[],
        discards_rejected: false,
        discards_exhausted: false,
        checks: "full",
        end: End::Bounded,
        flags: "",
        seen: Seen::Exactly("204x2"),
        retries: None,
        ledger: "written 20",
        held: None,
        exit: 0,
        says: &[],
        waits_ms: 0,
        disorder: 0,
    }
}

impl Row {
    pub(crate) const fn script(mut self, script: &'static str) -> Self {
        self.place = Place::Receiver(Behaviour::Prometheus3, script);
        self
    }

    pub(crate) const fn behaves(mut self, behaviour: Behaviour, script: &'static str) -> Self {
        self.place = Place::Receiver(behaviour, script);
        self
    }

    pub(crate) const fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    /// `vehicles` with `samples` each, sample by sample, in requests of `batch`.
    pub(crate) const fn input(mut self, vehicles: usize, samples: usize, batch: usize) -> Self {
        self.input.vehicles = vehicles;
        self.input.samples = samples;
        self.input.batch = batch;
        self
    }

    pub(crate) const fn extra(mut self, extra: Extra) -> Self {
        self.input.extra = extra;
        self
    }

    pub(crate) const fn overtaken(mut self, vehicles: &'static [usize]) -> Self {
        self.overtaken = vehicles;
        self
    }

    pub(crate) const fn on_reject_discard(mut self) -> Self {
        self.discards_rejected = true;
        self
    }

    pub(crate) const fn on_exhausted_discard(mut self) -> Self {
        self.discards_exhausted = true;
        self
    }

    pub(crate) const fn checks(mut self, checks: &'static str) -> Self {
        self.checks = checks;
        self
    }

    pub(crate) const fn flags(mut self, flags: &'static str) -> Self {
        self.flags = flags;
        self
    }

    /// The input stays open; the signal comes when the receiver has seen this many requests.
    pub(crate) const fn endless(mut self, signal: &'static str, requests: u64) -> Self {
        self.end = End::Signal(signal, Moment::Requests(requests));
        self
    }

    /// The input stays open; the signal comes when this is said.
    pub(crate) const fn endless_until(mut self, signal: &'static str, says: &'static str) -> Self {
        self.end = End::Signal(signal, Moment::Says(says));
        self
    }

    /// The input stays open, and the run ends all the same.
    pub(crate) const fn stops(mut self) -> Self {
        self.end = End::ByItself;
        self
    }

    pub(crate) const fn seen(mut self, requests: &'static str) -> Self {
        self.seen = Seen::Exactly(requests);
        self
    }

    pub(crate) const fn seen_between(mut self, least: u64, most: u64, begin: &'static str) -> Self {
        self.seen = Seen::Between(least, most, begin);
        self
    }

    pub(crate) const fn attempts(mut self, least: u64, most: u64) -> Self {
        self.seen = Seen::Attempts(least, most);
        self
    }

    pub(crate) const fn retries(mut self, retries: u64) -> Self {
        self.retries = Some(retries);
        self
    }

    pub(crate) const fn ledger(mut self, ledger: &'static str) -> Self {
        self.ledger = ledger;
        self
    }

    pub(crate) const fn held(mut self, samples: u64) -> Self {
        self.held = Some(samples);
        self
    }

    pub(crate) const fn fails(mut self) -> Self {
        self.exit = 1;
        self
    }

    pub(crate) const fn says(mut self, says: &'static [&'static str]) -> Self {
        self.says = says;
        self
    }

    pub(crate) const fn waits_ms(mut self, ms: i64) -> Self {
        self.waits_ms = ms;
        self
    }

    pub(crate) const fn disorder(mut self, samples: u64) -> Self {
        self.disorder = samples;
        self
    }

    pub(crate) const fn is_bounded(&self) -> bool {
        matches!(self.end, End::Bounded)
    }
}
