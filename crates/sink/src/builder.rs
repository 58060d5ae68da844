//! Builds a sink. Setters and [`PrometheusSinkBuilder::set`] (flags, SQL) take one path; every mistake is
//! kept, and [`PrometheusSinkBuilder::build`] reports all of them together.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use narthex_client::{
    Client, ClientConfig, HeaderAuth, HttpTransport, HttpTransportConfig, HttpTransportError, Secret, Signer,
    Transport,
};
use narthex_model::{Clock, SystemClock, format_bytes, format_duration, parse_bytes, parse_duration};
use narthex_protocol::headers::RESERVED;

use crate::dead_letters::DeadLetters;
use crate::error::{BuildError, Mistake};
use crate::options::{Checks, NameValidation, OPTIONS, OnExhausted, OnReject, Options};
use crate::sink::PrometheusSink;
use crate::url::{port_problem, shown_url, split_user_info};

/// Builds a [`PrometheusSink`]; see docs/sink-options.md for every option's unit, default and range.
#[must_use]
pub struct PrometheusSinkBuilder {
    url: String,
    options: Options,
    password_set: [bool; 2],
    token_set: [bool; 2],
    signers: Vec<Arc<dyn Signer>>,
    transport: Option<Arc<dyn Transport>>,
    clock: Arc<dyn Clock>,
    dead_letters: Option<DeadLetters>,
    user_agent: String,
    mistakes: Vec<Mistake>,
}

/// What is ready to be used when there are no mistakes.
struct Checked {
    url: Uri,
    headers: HeaderMap,
    user_agent: HeaderValue,
    transport: Arc<dyn Transport>,
}

/// Shows no more than where it writes to: values of headers and what stands before an @ may be secrets.
impl fmt::Debug for PrometheusSinkBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrometheusSinkBuilder").field("url", &shown_url(&self.url)).finish_non_exhaustive()
    }
}

macro_rules! setters {
    ($($(#[$doc:meta])+ $name:ident: $type:ty => $($field:ident).+ = $convert:expr;)+) => {
        $($(#[$doc])+ pub fn $name(mut self, value: $type) -> Self {
            #[allow(clippy::redundant_closure_call)]
            { self.options.$($field).+ = ($convert)(value); }
            self
        })+
    };
}

impl PrometheusSinkBuilder {
    pub(crate) fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            options: Options::default(),
            password_set: [false; 2],
            token_set: [false; 2],
            signers: Vec::new(),
            transport: None,
            clock: Arc::new(SystemClock),
            dead_letters: None,
            user_agent: concat!("narthex/", env!("CARGO_PKG_VERSION")).to_owned(),
            mistakes: Vec::new(),
        }
    }

    setters! {
        /// Most samples in one request: `sink.batch.max-size`. Default 2,000.
        batch_max_size: usize => batch_samples = |v| v;
        /// Most encoded bytes in one request: `sink.flush-buffer.size`. Default 1 MiB.
        flush_buffer_size: usize => batch_bytes = |v| v;
        /// Longest wait of a sample for its request to fill: `sink.flush-buffer.timeout`. Default 500 ms.
        flush_buffer_timeout: Duration => batch_age = |v| v;
        /// Most samples in all queues: `sink.requests.max-buffered`. Default four requests a shard.
        requests_max_buffered: usize => max_buffered = Some;
        /// Requests in flight at once: `sink.shards`. Default 8.
        shards: usize => shards = |v| v;
        /// What is checked before sending: `sink.checks`. Default full.
        checks: Checks => checks = |v| v;
        /// Which names are good: `sink.name-validation`. Default legacy.
        name_validation: NameValidation => names = |v| v;
        /// How late a sample may be; none is unlimited: `sink.out-of-order-window`. Default zero.
        out_of_order_window: Option<Duration> => out_of_order_window = |v| v;
        /// How far ahead of the clock a sample may be; none is unlimited: `sink.max-future`. Default 10 min.
        max_future: Option<Duration> => max_future = |v| v;
        /// Most series that the order checks remember: `sink.checks.max-series`. Default 5,000,000.
        checks_max_series: usize => max_series = |v| v;
        /// When the order checks forget a series: `sink.checks.idle-timeout`. Default 1 h.
        checks_idle_timeout: Duration => series_idle_timeout = |v| v;
        /// What happens to a request refused for its data: `sink.on-reject`. Default isolate.
        on_reject: OnReject => on_reject = |v| v;
        /// What happens when retries end: `sink.on-exhausted`. Default fail.
        on_exhausted: OnExhausted => on_exhausted = |v| v;
        /// Most retries of a request: `sink.retry.max-retries`.
        retry_max_retries: u32 => retry.max_retries = Some;
        /// Longest time a request is tried: `sink.retry.max-time`.
        retry_max_time: Duration => retry.max_time = Some;
        /// First wait between attempts: `sink.retry.initial-backoff`. Default 30 ms.
        retry_initial_backoff: Duration => retry.initial_backoff = |v| v;
        /// Longest wait between attempts: `sink.retry.max-backoff`. Default 5 s.
        retry_max_backoff: Duration => retry.max_backoff = |v| v;
        /// Longest `Retry-After` honoured: `sink.retry.max-retry-after`. Default 2 min.
        retry_max_retry_after: Duration => retry.max_retry_after = |v| v;
        /// Longest time of one attempt: `sink.request.timeout`. Default 30 s.
        request_timeout: Duration => request_timeout = |v| v;
        /// File for lost samples: `sink.dead-letters.path`.
        dead_letters_path: PathBuf => dead_letters_path = Some;
        /// PEM file with the CAs to trust instead of the system's: `sink.tls.ca-file`.
        tls_ca_file: PathBuf => ca_file = Some;
        /// PEM file with the client's certificate chain: `sink.tls.cert-file`.
        tls_cert_file: PathBuf => cert_file = Some;
        /// PEM file with the client's private key: `sink.tls.key-file`.
        tls_key_file: PathBuf => key_file = Some;
    }

    /// Basic authentication: `sink.auth.username` with `sink.auth.password` or `sink.auth.password-file`.
    pub fn basic_auth(mut self, username: impl Into<String>, password: Secret) -> Self {
        self.options.username = Some(username.into());
        self.put_password(password);
        self
    }

    /// Bearer authentication: `sink.auth.bearer-token` or `sink.auth.bearer-token-file`.
    pub fn bearer_auth(mut self, token: Secret) -> Self {
        self.put_token(token);
        self
    }

    /// A further header: `sink.headers.NAME`. Those of the protocol are refused.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.headers.push((name.into(), value.into()));
        self
    }

    /// Signs each attempt, after the other headers are set.
    pub fn signer(mut self, signer: Arc<dyn Signer>) -> Self {
        self.signers.push(signer);
        self
    }

    /// Another way to the receiver than HTTP: for tests, and for callers with a client of their own.
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Another clock than the machine's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// A dead-letter file that is open already, to share it with the source.
    pub fn dead_letters(mut self, dead_letters: DeadLetters) -> Self {
        self.dead_letters = Some(dead_letters);
        self
    }

    /// Another `User-Agent` than `narthex/VERSION`.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Says that the source may send again what an earlier run has written, as after a restart from a
    /// checkpoint that is older than what was written. With checks `full`, a sample that is refused in words that
    /// speak of age then counts as `replayed` until the first of its series is accepted; it costs about two
    /// requests each.
    pub fn after_restart(mut self, is_after_restart: bool) -> Self {
        self.options.is_after_restart = is_after_restart;
        self
    }

    /// Sets an option by its key, as flags and SQL do. Mistakes are reported by [`Self::build`].
    pub fn set(mut self, key: &str, value: &str) -> Self {
        if let Err(problem) = self.try_set(key, value) {
            self.mistakes.push(Mistake { option: key.to_owned(), problem });
        }
        self
    }

    fn try_set(&mut self, key: &str, value: &str) -> Result<(), String> {
        let o = &mut self.options;
        match key {
            "sink.batch.max-size" => o.batch_samples = integer(value)?,
            "sink.flush-buffer.size" => o.batch_bytes = parse_bytes(value)?,
            "sink.flush-buffer.timeout" => o.batch_age = parse_duration(value)?,
            "sink.requests.max-buffered" => o.max_buffered = Some(integer(value)?),
            "sink.requests.max-inflight" => only_one(value)?,
            "sink.shards" => o.shards = integer(value)?,
            "sink.checks" => o.checks = value.parse()?,
            "sink.name-validation" => o.names = value.parse()?,
            "sink.out-of-order-window" => o.out_of_order_window = duration_or_unlimited(value)?,
            "sink.max-future" => o.max_future = duration_or_unlimited(value)?,
            "sink.checks.max-series" => o.max_series = integer(value)?,
            "sink.checks.idle-timeout" => o.series_idle_timeout = parse_duration(value)?,
            "sink.on-reject" => o.on_reject = value.parse()?,
            "sink.on-exhausted" => o.on_exhausted = value.parse()?,
            "sink.retry.max-retries" => o.retry.max_retries = Some(integer(value)?),
            "sink.retry.max-time" => o.retry.max_time = Some(parse_duration(value)?),
            "sink.retry.initial-backoff" => o.retry.initial_backoff = parse_duration(value)?,
            "sink.retry.max-backoff" => o.retry.max_backoff = parse_duration(value)?,
            "sink.retry.max-retry-after" => o.retry.max_retry_after = parse_duration(value)?,
            "sink.request.timeout" => o.request_timeout = parse_duration(value)?,
            "sink.dead-letters.path" => o.dead_letters_path = Some(value.into()),
            "sink.auth.username" => o.username = Some(value.to_owned()),
            "sink.auth.password" => self.put_password(Secret::Literal(value.to_owned())),
            "sink.auth.password-file" => self.put_password(Secret::File(value.into())),
            "sink.auth.bearer-token" => self.put_token(Secret::Literal(value.to_owned())),
            "sink.auth.bearer-token-file" => self.put_token(Secret::File(value.into())),
            "sink.headers" => {
                let (name, value) = value.split_once('=').ok_or("write a header as NAME=VALUE")?;
                o.headers.push((name.trim().to_owned(), value.to_owned()));
            }
            "sink.tls.ca-file" => o.ca_file = Some(value.into()),
            "sink.tls.cert-file" => o.cert_file = Some(value.into()),
            "sink.tls.key-file" => o.key_file = Some(value.into()),
            _ => match key.strip_prefix("sink.headers.") {
                Some(name) => o.headers.push((name.to_owned(), value.to_owned())),
                None => return Err(unknown(key)),
            },
        }
        Ok(())
    }

    fn put_password(&mut self, password: Secret) {
        self.password_set[matches!(password, Secret::File(_)) as usize] = true;
        self.options.password = Some(password);
    }

    fn put_token(&mut self, token: Secret) {
        self.token_set[matches!(token, Secret::File(_)) as usize] = true;
        self.options.bearer_token = Some(token);
    }

    /// Checks everything without starting anything: files of secrets and certificates are read, that of the dead
    /// letters is not opened.
    ///
    /// # Errors
    /// All mistakes together.
    pub fn check(mut self) -> Result<(), BuildError> {
        self.checked();
        if self.mistakes.is_empty() { Ok(()) } else { Err(BuildError(self.mistakes)) }
    }

    /// Checks everything and starts the sink on the current tokio runtime.
    ///
    /// # Errors
    /// All mistakes together, before any connection is opened.
    pub fn build(mut self) -> Result<PrometheusSink, BuildError> {
        let checked = self.checked();
        let dead_letters = self.checked_dead_letters();
        let runtime = tokio::runtime::Handle::try_current()
            .map_err(|_| self.mistake("build", "must be called inside a tokio runtime".to_owned()))
            .ok();
        let (Some(Checked { url, headers, user_agent, transport }), Some(runtime), true) =
            (checked, runtime, self.mistakes.is_empty())
        else {
            return Err(BuildError(self.mistakes));
        };
        let mut signers: Vec<Arc<dyn Signer>> =
            self.auth().map(|auth| Arc::new(auth) as _).into_iter().collect();
        // From here on the signer alone knows them.
        (self.options.username, self.options.password, self.options.bearer_token) = (None, None, None);
        signers.append(&mut self.signers);
        let display_url = shown_url(&url.to_string());
        let retry = self.options.retry.clone();
        let config = ClientConfig { url, headers, user_agent, signers, retry };
        let client = Client::new(config, transport, self.clock.clone());
        Ok(PrometheusSink::start(self.options, client, self.clock, dead_letters, display_url, &runtime))
    }

    fn checked(&mut self) -> Option<Checked> {
        let url = self.checked_url();
        self.check_ranges();
        self.check_auth();
        let headers = self.checked_headers();
        let user_agent = self.checked_user_agent();
        let transport = self.checked_transport();
        Some(Checked { url: url?, headers, user_agent: user_agent?, transport: transport? })
    }

    fn mistake(&mut self, option: &str, problem: String) {
        self.mistakes.push(Mistake { option: option.to_owned(), problem });
    }

    /// The URL without user info, which becomes basic authentication.
    fn checked_url(&mut self) -> Option<Uri> {
        const OPTION: &str = "metric.endpoint-url";
        let text = self.url.trim().to_owned();
        if text.is_empty() {
            self.mistake(OPTION, "is empty; write for example http://localhost:9090/api/v1/write".into());
            return None;
        }
        let text = match split_user_info(&text) {
            (bare, None) => bare,
            (bare, Some((username, password))) => {
                if self.options.username.is_some() || self.options.bearer_token.is_some() {
                    self.mistake(OPTION, "holds a user name, and other credentials are given as well".into());
                }
                self.options.username = Some(username);
                self.options.password.get_or_insert(Secret::Literal(password));
                bare
            }
        };
        let shown = shown_url(&text);
        let problem = match text.parse::<Uri>() {
            Ok(uri) => match (uri.scheme_str(), uri.host()) {
                (Some("http" | "https"), Some(host)) if !host.is_empty() => match port_problem(&uri) {
                    None => return Some(uri),
                    Some(problem) => problem,
                },
                (Some(scheme), _) => {
                    format!("{scheme:?} is no scheme of Remote-Write; write http:// or https://")
                }
                (None, _) => format!("{shown:?} has no scheme; write http://{shown}"),
            },
            Err(_) if !text.contains("://") => format!("{shown:?} has no scheme; write http://{shown}"),
            Err(error) => format!("{shown:?} is no URL: {error}"),
        };
        self.mistake(OPTION, problem);
        None
    }

    fn check_ranges(&mut self) {
        const HOUR: Duration = Duration::from_secs(3600);
        const DAY: Duration = Duration::from_secs(86_400);
        const MS: Duration = Duration::from_millis(1);
        let o = &self.options;
        let mut found = Vec::new();
        let mut number = |option, value: usize, from: usize, to: usize| {
            if !(from..=to).contains(&value) {
                found.push((option, format!("{value} is out of range; allowed are {from} to {to}")));
            }
        };
        number("sink.batch.max-size", o.batch_samples, 1, 1_000_000);
        number("sink.shards", o.shards, 1, 1024);
        number("sink.checks.max-series", o.max_series, 1000, 1_000_000_000);
        if !(1 << 10..=32 << 20).contains(&o.batch_bytes) {
            found.push((
                "sink.flush-buffer.size",
                format!("{} is out of range; allowed are 1 kb to 32 mb", format_bytes(o.batch_bytes)),
            ));
        }
        let mut time = |option, value: Duration, from: Duration, to: Duration| {
            if !(from..=to).contains(&value) {
                let [value, from, to] = [value, from, to].map(format_duration);
                found.push((option, format!("{value} is out of range; allowed are {from} to {to}")));
            }
        };
        time("sink.flush-buffer.timeout", o.batch_age, MS, HOUR);
        time("sink.checks.idle-timeout", o.series_idle_timeout, Duration::from_secs(1), 30 * DAY);
        time("sink.request.timeout", o.request_timeout, MS, HOUR);
        time("sink.retry.initial-backoff", o.retry.initial_backoff, MS, HOUR);
        time("sink.retry.max-backoff", o.retry.max_backoff, o.retry.initial_backoff, HOUR);
        time("sink.retry.max-retry-after", o.retry.max_retry_after, Duration::ZERO, DAY);
        if let Some(max) = o.max_buffered
            && max < o.shards.saturating_mul(o.batch_samples)
        {
            let least = o.shards.saturating_mul(o.batch_samples);
            let problem = format!(
                "{max} is too few: {} shards with requests of {} samples need at least {least}",
                o.shards, o.batch_samples
            );
            found.push(("sink.requests.max-buffered", problem));
        }
        found.into_iter().for_each(|(option, problem)| self.mistake(option, problem));
    }

    fn check_auth(&mut self) {
        let o = &self.options;
        let has_password = o.password.is_some();
        let mut found = Vec::new();
        match (&o.username, has_password) {
            (Some(_), false) => {
                found.push(("sink.auth.username", "needs sink.auth.password or sink.auth.password-file"))
            }
            (None, true) => found.push(("sink.auth.password", "needs sink.auth.username")),
            _ => {}
        }
        if o.username.as_ref().is_some_and(|name| name.contains(':')) {
            found.push(("sink.auth.username", "must not hold a colon (RFC 7617)"));
        }
        if self.password_set == [true; 2] {
            found.push(("sink.auth.password-file", "is given beside sink.auth.password; keep one of them"));
        }
        if self.token_set == [true; 2] {
            found.push((
                "sink.auth.bearer-token-file",
                "is given beside sink.auth.bearer-token; keep one of them",
            ));
        }
        if (has_password || o.username.is_some()) && o.bearer_token.is_some() {
            found.push((
                "sink.auth.bearer-token",
                "is given beside a user name; a request has one Authorization",
            ));
        }
        let is_unambiguous = found.is_empty();
        found.into_iter().for_each(|(option, problem)| self.mistake(option, problem.to_owned()));
        if is_unambiguous
            && let Some(auth) = self.auth_to_check()
            && let Err(error) = auth.check()
        {
            self.mistake("sink.auth", error.message);
        }
    }

    /// A copy for the check: a file is read once now and again at each attempt.
    fn auth_to_check(&self) -> Option<HeaderAuth> {
        let copy = |secret: &Secret| match secret {
            Secret::Literal(text) => Secret::Literal(text.clone()),
            Secret::File(path) => Secret::File(path.clone()),
        };
        let o = &self.options;
        match (&o.username, &o.password, &o.bearer_token) {
            (Some(username), Some(password), _) => Some(HeaderAuth::basic(username.clone(), copy(password))),
            (_, _, Some(token)) => Some(HeaderAuth::bearer(copy(token))),
            _ => None,
        }
    }

    fn auth(&self) -> Option<HeaderAuth> {
        self.auth_to_check()
    }

    fn checked_headers(&mut self) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in std::mem::take(&mut self.options.headers) {
            let option = format!("sink.headers.{name}");
            let lower = name.to_ascii_lowercase();
            if RESERVED.contains(&lower.as_str()) {
                self.mistake(&option, "is set by the protocol and cannot be replaced".into());
                continue;
            }
            if lower == "authorization"
                && self.options.username.is_some() | self.options.bearer_token.is_some()
            {
                self.mistake(&option, "is given beside sink.auth options; keep one of them".into());
                continue;
            }
            match (HeaderName::try_from(lower), HeaderValue::try_from(value)) {
                (Ok(name), Ok(mut value)) => {
                    value.set_sensitive(true);
                    if map.insert(name, value).is_some() {
                        self.mistake(&option, "is given twice".into());
                    }
                }
                (Err(_), _) => self.mistake(&option, format!("{name:?} is no name of a header")),
                (_, Err(_)) => {
                    self.mistake(&option, "its value holds characters that no header can carry".into())
                }
            }
        }
        map
    }

    fn checked_user_agent(&mut self) -> Option<HeaderValue> {
        match HeaderValue::try_from(self.user_agent.trim()) {
            Ok(value) if !value.is_empty() => Some(value),
            _ => {
                self.mistake("user_agent", "must be a text that a header can carry".into());
                None
            }
        }
    }

    fn checked_transport(&mut self) -> Option<Arc<dyn Transport>> {
        if let Some(transport) = self.transport.take() {
            return Some(transport);
        }
        let config = HttpTransportConfig {
            timeout: self.options.request_timeout,
            ca_file: self.options.ca_file.clone(),
            cert_file: self.options.cert_file.clone(),
            key_file: self.options.key_file.clone(),
            ..HttpTransportConfig::default()
        };
        match HttpTransport::new(&config) {
            Ok(transport) => Some(Arc::new(transport)),
            Err(error) => {
                let path = if let HttpTransportError::Pem { path, .. } = &error { Some(path) } else { None };
                let option = match path {
                    Some(path) if config.ca_file.as_ref() == Some(path) => "sink.tls.ca-file",
                    Some(path) if config.key_file.as_ref() == Some(path) => "sink.tls.key-file",
                    _ => "sink.tls.cert-file",
                };
                self.mistake(option, error.to_string());
                None
            }
        }
    }

    fn checked_dead_letters(&mut self) -> Option<DeadLetters> {
        if let Some(open) = self.dead_letters.take() {
            if self.options.dead_letters_path.is_some() {
                self.mistake("sink.dead-letters.path", "is given beside an open dead-letter file".into());
            }
            return Some(open);
        }
        let path = self.options.dead_letters_path.clone()?;
        match DeadLetters::open(&path) {
            Ok(open) => Some(open),
            Err(error) => {
                self.mistake("sink.dead-letters.path", format!("cannot open {}: {error}", path.display()));
                None
            }
        }
    }
}

fn integer<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.trim().parse().map_err(|_| format!("{text:?} is no whole number in range"))
}

fn only_one(text: &str) -> Result<(), String> {
    if text.trim() == "1" {
        return Ok(());
    }
    Err(format!(
        "{text:?} is not 1: two requests of a shard at once could arrive in the wrong order; raise sink.shards instead"
    ))
}

fn duration_or_unlimited(text: &str) -> Result<Option<Duration>, String> {
    if text.trim() == "unlimited" { Ok(None) } else { parse_duration(text).map(Some) }
}

fn unknown(key: &str) -> String {
    let distance = |other: &str| {
        // Few keys, short ones: letters in common places are near enough.
        let same = key.bytes().zip(other.bytes()).filter(|(a, b)| a == b).count();
        let same_from_end = key.bytes().rev().zip(other.bytes().rev()).filter(|(a, b)| a == b).count();
        key.len().max(other.len()) - same.max(same_from_end)
    };
    match OPTIONS.iter().min_by_key(|option| distance(option.key)) {
        Some(nearest) => format!("there is no such option; the nearest is {}", nearest.key),
        None => "there is no such option".to_owned(),
    }
}
