//! The receiver without sockets: a request goes in, its outcome comes out.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use narthex_model::Labels;
use narthex_protocol::decode;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::dump::{self, HeldSeries};
use crate::fault::{Action, Scripts, Turn};
use crate::log::{LoggedRequest, RequestLog};
use crate::outcome::{Arrival, Fate, Outcome};
use crate::store::Store;
use crate::take::Taken;
use crate::unpack::Buffers;
use crate::{ReceiverConfig, Stats, answer, head, metrics};

/// A Remote-Write 1.0 receiver without sockets. It never sleeps, and never panics whatever the request.
#[derive(Debug)]
pub struct Receiver {
    pub(crate) config: ReceiverConfig,
    pub(crate) buffers: Buffers,
    authorization: Option<String>,
    store: Mutex<Store>,
    scripts: Mutex<Scripts>,
    requests: Mutex<Requests>,
    changed: Notify,
}

/// What is counted of requests.
#[derive(Debug)]
struct Requests {
    by_status: BTreeMap<u16, u64>,
    unanswered: u64,
    series: u64,
    body_bytes: u64,
    log: RequestLog,
}

impl Receiver {
    /// An empty receiver.
    pub fn new(config: ReceiverConfig) -> Self {
        Self {
            buffers: Buffers::default(),
            authorization: config.credentials.as_ref().map(|credentials| credentials.authorization()),
            store: Mutex::new(Store::new(&config)),
            scripts: Mutex::new(Scripts::new(&config.faults)),
            requests: Mutex::new(Requests {
                by_status: BTreeMap::new(),
                unanswered: 0,
                series: 0,
                body_bytes: 0,
                log: RequestLog::new(config.log_limit),
            }),
            changed: Notify::new(),
            config,
        }
    }

    /// What it was told when it started.
    pub fn config(&self) -> &ReceiverConfig {
        &self.config
    }

    /// A whole request: [`Self::arrive`] and [`Self::finish`] at once. A slow read becomes part of the delay.
    pub fn handle(&self, request: Request<Bytes>) -> Outcome {
        let (head, body) = request.into_parts();
        let arrival = self.arrive(&head);
        let reading = match arrival.read_rate() {
            Some(rate) => Duration::from_secs_f64(body.len() as f64 / rate as f64),
            None => Duration::ZERO,
        };
        let outcome = self.finish(arrival, &head, body);
        Outcome { delay: outcome.delay.saturating_add(reading), ..outcome }
    }

    /// The head of a request has come: takes its turn in the scripts, which may end it before the body is
    /// read ([`Arrival::ends_unread`]) or have the body read slowly ([`Arrival::read_rate`]). Each arrival
    /// must be followed by one [`Self::finish`].
    pub fn arrive(&self, head: &Parts) -> Arrival {
        if head.uri.path() != self.config.write_path {
            return Arrival::default();
        }
        let mut scripts = lock(&self.scripts);
        if scripts.is_empty() {
            return Arrival::default();
        }
        let turn = scripts.arrive(Instant::now());
        drop(scripts);
        self.changed.notify_waiters();
        Arrival { turn }
    }

    /// The body has come (or, when the arrival ends unread, is not waited for).
    pub fn finish(&self, arrival: Arrival, head: &Parts, body: Bytes) -> Outcome {
        if head.uri.path() == self.config.write_path {
            self.write(arrival.turn, head, &body)
        } else {
            Outcome { delay: Duration::ZERO, fate: Fate::Answer(self.other(head)) }
        }
    }

    fn write(&self, mut turn: Turn, head: &Parts, body: &Bytes) -> Outcome {
        let at_ms = self.config.clock.now_ms();
        if !turn.ends_unread() {
            let mut scripts = lock(&self.scripts);
            if !scripts.is_empty() {
                scripts.read(&mut turn, body.len() as u64, &|name, value| self.has_label(body, name, value));
            }
        }
        let is_scripted = !matches!(turn.action, None | Some(Action::Ok));
        let taken = self.act(turn.action.unwrap_or(Action::Ok), head, body);
        let status = taken.fate.status();
        let mut requests = lock(&self.requests);
        requests.count(status, &taken, body.len());
        requests.log.push(|| LoggedRequest {
            at_ms,
            status,
            samples: taken.samples,
            series: taken.series,
            taken: taken.taken,
            body_bytes: body.len() as u64,
            attempt: head::attempt(&head.headers),
            is_scripted,
            headers: head.headers.clone(),
        });
        drop(requests);
        self.changed.notify_waiters();
        Outcome { delay: turn.delay, fate: taken.fate }
    }

    fn has_label(&self, body: &[u8], name: &str, value: &str) -> bool {
        let mut found = false;
        let limit = self.config.behaviour.unpacked_limit();
        let wanted = (name.as_bytes(), value.as_bytes());
        let decoded = self.buffers.unpack(body, limit, |message| {
            decode::for_each_series(message, |series| found |= series.labels.contains(&wanted))
        });
        matches!(decoded, Ok(Ok(()))) && found
    }

    /// Every path but the write path.
    fn other(&self, head: &Parts) -> Response<Bytes> {
        let path = head.uri.path();
        let is_open = matches!(path, "/-/healthy" | "/-/ready");
        if let (false, Some(refused)) = (is_open, self.refuse_credentials(head)) {
            return refused;
        }
        let page = match path {
            "/-/healthy" => answer::text(StatusCode::OK, "narthex receiver is healthy"),
            "/-/ready" => answer::text(StatusCode::OK, "narthex receiver is ready"),
            "/metrics" => metrics::page(&self.stats()),
            "/dump" => answer::with_body(StatusCode::OK, "application/x-ndjson", self.dump_ndjson()),
            _ => return answer::text(StatusCode::NOT_FOUND, "404 page not found"),
        };
        if head.method == Method::GET { page } else { answer::wrong_method("GET") }
    }

    /// The 401, when credentials are asked for and not shown.
    pub(crate) fn refuse_credentials(&self, head: &Parts) -> Option<Response<Bytes>> {
        let (wanted, credentials) = (self.authorization.as_ref()?, self.config.credentials.as_ref()?);
        (!head::is_authorized(&head.headers, wanted)).then(|| answer::unauthorized(credentials.scheme()))
    }

    /// Everything that is counted. Sample counts are those of one moment; so are request counts.
    pub fn stats(&self) -> Stats {
        let store = lock(&self.store);
        let requests = lock(&self.requests);
        Stats {
            requests: requests.by_status.clone(),
            unanswered: requests.unanswered,
            samples: store.counts.clone(),
            series_received: requests.series,
            series_held: store.held_series(),
            body_bytes: requests.body_bytes,
        }
    }

    /// The series that hold a sample, sorted by labels.
    pub fn dump(&self) -> Vec<HeldSeries> {
        lock(&self.store).dump()
    }

    /// What is held of one series; none when it never came.
    pub fn series(&self, labels: &Labels) -> Option<HeldSeries> {
        lock(&self.store).series_of(labels)
    }

    /// Writes [`Self::dump`] as NDJSON, one series a line.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn write_dump(&self, out: &mut impl Write) -> io::Result<()> {
        dump::write_ndjson(&self.dump(), out)
    }

    fn dump_ndjson(&self) -> Vec<u8> {
        let mut out = Vec::new();
        // A Vec takes everything; on an error that cannot be, the page ends early.
        let _ = self.write_dump(&mut out);
        out
    }

    /// The log of write requests, oldest first.
    pub fn log(&self) -> Vec<LoggedRequest> {
        lock(&self.requests).log.snapshot()
    }

    /// Waits until at least so many samples were acknowledged ([`crate::SampleCounts::acknowledged`]).
    pub async fn acknowledged(&self, at_least: u64) {
        loop {
            let changed = self.changed.notified();
            if lock(&self.store).counts.acknowledged() >= at_least {
                return;
            }
            changed.await;
        }
    }

    /// Waits until an outage of the scripts begins; when it ends. For ever when there is none to come.
    pub(crate) async fn outage(&self) -> Instant {
        loop {
            let changed = self.changed.notified();
            let (started, windows) = lock(&self.scripts).outages();
            let Some(started) = started.filter(|_| !windows.is_empty()) else {
                changed.await;
                continue;
            };
            let now = Instant::now();
            let windows = windows.into_iter().filter_map(|(after, lasts)| {
                let begins = started.checked_add(after)?;
                Some((begins, begins.checked_add(lasts)?))
            });
            match windows.filter(|&(_, ends)| ends > now).min() {
                Some((begins, ends)) => {
                    tokio::time::sleep_until(begins).await;
                    return ends;
                }
                None => std::future::pending().await,
            }
        }
    }

    /// Whether any script reads bodies slowly.
    pub(crate) fn reads_slowly(&self) -> bool {
        lock(&self.scripts).reads_slowly()
    }

    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        lock(&self.store)
    }
}

impl Requests {
    fn count(&mut self, status: Option<StatusCode>, taken: &Taken, body_bytes: usize) {
        match status {
            Some(status) => *self.by_status.entry(status.as_u16()).or_default() += 1,
            None => self.unanswered += 1,
        }
        self.series += taken.series;
        self.body_bytes += body_bytes as u64;
    }
}

/// A poisoned lock guards plain counts and maps: the test that panicked is the news, not this.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
