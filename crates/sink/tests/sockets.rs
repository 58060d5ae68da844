//! The sink over real sockets in real time: what a paused clock and an in-process transport cannot show.

// Helpers of tests may panic too; clippy.toml allows it only inside the tests themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use narthex_receiver::{
    Receiver, ReceiverConfig, ReceiverServer, Script, ServerConfig, ServerHandle, TlsIdentity,
};
use narthex_sink::{Labels, Ledger, PrometheusSink, PrometheusSinkBuilder, Sample, SinkError, TimeSeries};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout};

const SOON: Duration = Duration::from_secs(20);

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// A sink that waits little between attempts.
fn quick(url: impl Into<String>) -> PrometheusSinkBuilder {
    PrometheusSink::builder(url)
        .shards(1)
        .retry_initial_backoff(ms(5))
        .retry_max_backoff(ms(50))
        .flush_buffer_timeout(ms(20))
}

async fn receiver(script: &str) -> ServerHandle {
    let config = match script {
        "" => ReceiverConfig::default(),
        script => ReceiverConfig::default().with_fault(script.parse::<Script>().unwrap()),
    };
    ReceiverServer::start(config).await.unwrap()
}

fn series(n: usize, second: i64) -> TimeSeries {
    let labels = Labels::from_pairs([("__name__", "m".to_owned()), ("n", n.to_string())]);
    TimeSeries::single(labels, Sample::new(second as f64, now_ms() - 60_000 + second * 1000))
}

/// One moment for the whole process, so that a second is a second.
fn now_ms() -> i64 {
    use std::sync::OnceLock;
    static NOW: OnceLock<i64> = OnceLock::new();
    *NOW.get_or_init(|| narthex_sink::Clock::now_ms(&narthex_sink::SystemClock))
}

/// Sends seconds 0 to `rounds` of ten series, each settled before the next.
async fn write(sink: &PrometheusSink, rounds: std::ops::Range<i64>) {
    for second in rounds {
        for n in 0..10 {
            sink.send(series(n, second)).await.unwrap();
        }
        timeout(SOON, sink.flush()).await.expect("the receiver answers in time").unwrap();
    }
}

fn assert_all_written(ledger: &Ledger, samples: u64) {
    assert!(ledger.adds_up());
    assert_eq!((ledger.received, ledger.lost(), ledger.pending), (samples, 0, 0), "{ledger:?}");
}

fn stored(server: &ServerHandle) -> usize {
    server.dump().iter().map(|series| series.samples.len()).sum()
}

fn assert_order(server: &ServerHandle) {
    let samples = server.stats().samples;
    assert_eq!((samples.order_violations, samples.dropped_disorder, samples.dropped_conflict), (0, 0, 0));
}

#[tokio::test]
async fn connections_that_break_at_any_point_lose_nothing() {
    for script in [
        "reset x3",
        "reset-early x3",
        "lose-answer x2",
        "ok reset ok reset-early ok lose-answer ok reset x5",
        "cut-answer x3",
        "cut-answer:status=503 x2",
        "503:delay=20ms x2 reset:delay=20ms",
    ] {
        let server = receiver(script).await;
        let sink = quick(server.write_url()).build().unwrap();
        write(&sink, 0..8).await;
        let ledger = sink.close().await.unwrap();
        assert_all_written(&ledger, 80);
        assert_eq!(stored(&server), 80, "{script}");
        assert_order(&server);
    }
}

#[tokio::test]
async fn a_success_of_which_half_the_body_comes_is_not_repeated() {
    let server = receiver("cut-answer x2").await;
    let sink = quick(server.write_url()).build().unwrap();
    write(&sink, 0..3).await;
    let ledger = sink.close().await.unwrap();
    assert_eq!((ledger.written, ledger.requests, server.stats().all_requests()), (30, 3, 3));
}

#[tokio::test]
async fn a_slow_reader_is_waited_for() {
    let server = receiver("read-rate=20kb").await;
    let sink = quick(server.write_url()).build().unwrap();
    let begin = Instant::now();
    for n in 0..40 {
        // Bytes that compress badly: 20 kB of them.
        let mut dice = n as u64 + 1;
        let noise: String = (0..500)
            .map(|_| {
                dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                char::from(b'a' + (dice >> 33) as u8 % 26)
            })
            .collect();
        let labels =
            Labels::from_pairs([("__name__", "m".to_owned()), ("n", n.to_string()), ("noise", noise)]);
        sink.send(TimeSeries::single(labels, Sample::new(1.0, now_ms()))).await.unwrap();
    }
    let ledger = timeout(SOON, sink.close()).await.unwrap().unwrap();
    assert_all_written(&ledger, 40);
    assert!(begin.elapsed() >= ms(700), "{:?}", begin.elapsed());
    assert_eq!(ledger.retries, 0);
}

#[tokio::test]
async fn a_receiver_that_never_answers_meets_the_requests_timeout() {
    for script in ["ok silence x2", "ok silence:commit x2", "ok ok:delay=5s x2"] {
        let server = receiver(script).await;
        let sink = quick(server.write_url()).request_timeout(ms(150)).build().unwrap();
        let begin = Instant::now();
        write(&sink, 0..3).await;
        let took = begin.elapsed();
        assert!(took >= ms(300) && took < SOON, "{script}: {took:?}");
        assert_all_written(&sink.close().await.unwrap(), 30);
        assert_eq!(stored(&server), 30, "{script}");
    }
}

#[tokio::test]
async fn a_receiver_that_is_gone_and_comes_back_loses_nothing() {
    let server = receiver("").await;
    let (address, held) = (server.address(), server.receiver().clone());
    let sink = quick(server.write_url()).build().unwrap();
    write(&sink, 0..2).await;
    server.shutdown().await;
    for n in 0..10 {
        sink.send(series(n, 2)).await.unwrap();
    }
    sleep(ms(300)).await;
    let ledger = sink.ledger();
    assert!(ledger.pending == 10 && ledger.retries > 2, "{ledger:?}");
    let server = ReceiverServer::serve(held, address, None).await.unwrap();
    timeout(SOON, sink.flush()).await.unwrap().unwrap();
    server.reset_connections(); // and once more, as a crash would
    write(&sink, 3..5).await;
    assert_all_written(&sink.close().await.unwrap(), 50);
    assert_eq!(stored(&server), 50);
    assert_order(&server);
}

#[tokio::test]
async fn a_crash_in_the_middle_of_requests_loses_nothing() {
    let server = receiver("delay=30ms").await;
    let sink = quick(server.write_url()).shards(4).build().unwrap();
    for second in 0..10 {
        for n in 0..10 {
            sink.send(series(n, second)).await.unwrap();
        }
        sleep(ms(35)).await;
        server.reset_connections();
    }
    let ledger = timeout(SOON, sink.close()).await.unwrap().unwrap();
    assert_all_written(&ledger, 100);
    assert_eq!(stored(&server), 100);
    assert_order(&server);
}

/// Forwards connections and counts them.
async fn counted(to: SocketAddr) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, count) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let counter = count.clone();
    tokio::spawn(async move {
        while let Ok((mut from, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut onward = TcpStream::connect(to).await.unwrap();
                let _ = copy_bidirectional(&mut from, &mut onward).await; // until either side ends it
            });
        }
    });
    (address, count)
}

#[tokio::test]
async fn connections_are_kept_alive_one_a_shard_at_most() {
    for (shards, script) in [(1, ""), (3, ""), (4, "503x5 429x5 400x3"), (2, "delay=5ms")] {
        let server = receiver(script).await;
        let (address, count) = counted(server.address()).await;
        let sink = quick(format!("http://{address}/api/v1/write")).shards(shards).build().unwrap();
        write(&sink, 0..30).await;
        sink.close().await.unwrap();
        let count = count.load(Ordering::SeqCst);
        assert!((1..=shards).contains(&count), "{shards} shards, {script:?}: {count} connections");
        assert!(server.stats().all_requests() >= 30);
    }
}

#[tokio::test]
async fn a_redirect_is_never_followed() {
    let elsewhere = receiver("").await;
    for status in [301, 302, 307, 308] {
        let server = receiver(&format!("{status}:location={} x*", elsewhere.write_url())).await;
        let sink = quick(server.write_url()).build().unwrap();
        sink.send(series(0, 0)).await.unwrap();
        let error = sink.close().await.unwrap_err();
        assert!(matches!(error.error, SinkError::Stopped { .. }), "{error}");
        assert!(error.to_string().contains(&elsewhere.write_url()), "{error}");
        assert_eq!((server.stats().all_requests(), error.ledger.pending), (1, 1));
    }
    assert_eq!(elsewhere.stats().all_requests(), 0);
}

#[tokio::test]
async fn a_long_answer_is_cut_and_its_connection_does_no_harm() {
    let server = receiver(&format!("ok 400:body={} x*", "x".repeat(300_000))).await;
    let sink = quick(server.write_url()).build().unwrap();
    write(&sink, 0..1).await;
    write(&sink, 1..2).await;
    let ledger = sink.close().await.unwrap();
    assert_eq!((ledger.written, ledger.rejected_total(), ledger.pending), (10, 10, 0));
}

#[tokio::test]
async fn names_without_an_address_and_closed_ports_are_network_errors() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for (url, says) in [
        ("http://narthex-no-such-host.invalid/api/v1/write".to_owned(), "cannot resolve the host's name"),
        (format!("http://{closed}/api/v1/write"), "cannot connect"),
    ] {
        let sink = quick(&url).retry_max_time(ms(300)).build().unwrap();
        sink.send(series(0, 0)).await.unwrap();
        let error = timeout(SOON, sink.close()).await.expect("it gives up").unwrap_err();
        assert!(matches!(error.error, SinkError::Exhausted { .. }), "{error}");
        assert!(error.to_string().contains(says) && error.to_string().contains(&url), "{error}");
        assert_eq!((error.ledger.written, error.ledger.lost(), error.ledger.pending), (0, 0, 1));
    }
}

/// A CA, and files with what it has issued.
struct Authority {
    folder: tempfile::TempDir,
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
}

impl Authority {
    fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new([]).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        std::fs::write(folder.path().join("ca.pem"), certificate.pem()).unwrap();
        Self { folder, issuer: rcgen::Issuer::new(params, key) }
    }

    fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Certificate and key for a name.
    fn issue(&self, name: &str) -> (PathBuf, PathBuf) {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let path = |end: &str| self.folder.path().join(format!("{name}.{end}"));
        std::fs::write(path("pem"), certificate.pem()).unwrap();
        std::fs::write(path("key"), key.serialize_pem()).unwrap();
        (path("pem"), path("key"))
    }
}

fn identity(authority: &Authority, name: &str, client_ca: Option<&Path>) -> TlsIdentity {
    let (cert_file, key_file) = authority.issue(name);
    TlsIdentity { cert_file, key_file, client_ca_file: client_ca.map(Path::to_owned) }
}

async fn tls_receiver(identity: TlsIdentity) -> ServerHandle {
    ReceiverServer::start(ServerConfig { tls: Some(identity), ..ServerConfig::default() }).await.unwrap()
}

#[tokio::test]
async fn a_receiver_of_an_own_ca_is_written_to() {
    let ours = Authority::new("ours");
    let server = tls_receiver(identity(&ours, "127.0.0.1", None)).await;
    let sink = quick(server.write_url()).tls_ca_file(ours.ca_file()).build().unwrap();
    write(&sink, 0..5).await;
    assert_all_written(&sink.close().await.unwrap(), 50);
    assert_eq!(stored(&server), 50);
}

#[tokio::test]
async fn a_certificate_that_is_refused_before_the_first_accept_stops_at_once() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let server = tls_receiver(identity(&theirs, "127.0.0.1", None)).await;
    let wrong_name = tls_receiver(identity(&ours, "receiver.test", None)).await;
    let begin = Instant::now();
    for (url, ca_file) in [
        (server.write_url(), Some(ours.ca_file())), // of another CA
        (server.write_url(), None),                 // of a CA that the system does not know
        (wrong_name.write_url(), Some(ours.ca_file())),
    ] {
        let mut builder = quick(&url);
        if let Some(ca_file) = ca_file {
            builder = builder.tls_ca_file(ca_file);
        }
        let sink = builder.build().unwrap();
        sink.send(series(0, 0)).await.unwrap();
        let error = timeout(SOON, sink.close()).await.expect("it stops at once").unwrap_err();
        assert!(matches!(error.error, SinkError::Stopped { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains("certificate refused") && text.contains("check the CA file"), "{text}");
        assert_eq!((error.ledger.written, error.ledger.lost(), error.ledger.pending), (0, 0, 1));
    }
    assert!(begin.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_certificate_that_is_refused_after_the_first_accept_is_waited_out() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let receiver = Arc::new(Receiver::new(ReceiverConfig::default()));
    let (good, bad) = (identity(&ours, "127.0.0.1", None), identity(&theirs, "127.0.0.1", None));
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let server = ReceiverServer::serve(receiver.clone(), listen, Some(good.clone())).await.unwrap();
    let address = server.address();
    let sink = quick(server.write_url()).tls_ca_file(ours.ca_file()).build().unwrap();
    write(&sink, 0..1).await;
    server.shutdown().await;
    let server = ReceiverServer::serve(receiver.clone(), address, Some(bad)).await.unwrap();
    for n in 0..10 {
        sink.send(series(n, 1)).await.unwrap();
    }
    sleep(ms(300)).await;
    assert!(sink.failure().is_none() && sink.ledger().pending == 10, "{:?}", sink.ledger());
    server.shutdown().await;
    let server = ReceiverServer::serve(receiver, address, Some(good)).await.unwrap();
    let ledger = timeout(SOON, sink.close()).await.unwrap().unwrap();
    assert_all_written(&ledger, 20);
    assert_eq!(stored(&server), 20);
}

#[tokio::test]
async fn a_client_certificate_is_shown_and_one_that_is_missing_or_foreign_stops() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let server = tls_receiver(identity(&ours, "127.0.0.1", Some(&ours.ca_file()))).await;
    let (cert, key) = ours.issue("client");
    let builder = || quick(server.write_url()).tls_ca_file(ours.ca_file());
    let sink = builder().tls_cert_file(cert).tls_key_file(key).build().unwrap();
    write(&sink, 0..2).await;
    assert_all_written(&sink.close().await.unwrap(), 20);

    let impostor = Authority::new("ours");
    let shows = |authority: &Authority| {
        let (cert, key) = authority.issue("client");
        builder().tls_cert_file(cert).tls_key_file(key)
    };
    for builder in [builder(), shows(&theirs), shows(&impostor)] {
        let sink = builder.build().unwrap();
        sink.send(series(0, 9)).await.unwrap();
        let error = timeout(SOON, sink.close()).await.expect("it stops at once").unwrap_err();
        assert!(matches!(error.error, SinkError::Stopped { .. }), "{error}");
        assert!(error.to_string().contains("client certificate"), "{error}");
        assert_eq!(error.ledger.pending, 1);
    }
    assert_eq!(stored(&server), 20);
}

/// Plain HTTP where TLS is spoken, and the reverse: no answer, no loss.
#[tokio::test]
async fn the_wrong_scheme_loses_nothing() {
    let ours = Authority::new("ours");
    let tls = tls_receiver(identity(&ours, "127.0.0.1", None)).await;
    let plain = receiver("").await;
    for url in [tls.write_url().replace("https", "http"), plain.write_url().replace("http", "https")] {
        let sink = quick(&url).tls_ca_file(ours.ca_file()).retry_max_time(ms(300)).build().unwrap();
        sink.send(series(0, 0)).await.unwrap();
        let error = timeout(SOON, sink.close()).await.expect("it gives up").unwrap_err();
        assert_eq!(
            (error.ledger.written, error.ledger.lost(), error.ledger.pending),
            (0, 0, 1),
            "{url}: {error}"
        );
    }
}

/// Says where the child below is to write, when this process is that child.
const CHILD_URL: &str = "NARTHEX_TEST_WRITE_THROUGH_PROXY";

/// The environment of a process cannot be changed while it runs threads: a child has its own.
#[tokio::test]
async fn the_proxy_of_the_environment_is_used_and_no_proxy_is_kept() {
    let proxy = receiver("").await;
    let direct = receiver("").await;
    for (url, no_proxy, goes_to) in [
        ("http://receiver.invalid/api/v1/write".to_owned(), "", &proxy),
        (direct.write_url(), "", &proxy),
        (direct.write_url(), "127.0.0.1", &direct),
    ] {
        let before = (proxy.stats().all_requests(), direct.stats().all_requests());
        let child = tokio::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_child_writes_where_it_is_told", "--nocapture"])
            .env(CHILD_URL, &url)
            .env("HTTP_PROXY", proxy.url())
            .env("NO_PROXY", no_proxy)
            .env_remove("http_proxy")
            .env_remove("no_proxy")
            .output();
        let output = timeout(SOON, child).await.expect("the child ends").unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let after = (proxy.stats().all_requests(), direct.stats().all_requests());
        let want =
            if std::ptr::eq(goes_to, &proxy) { (before.0 + 1, before.1) } else { (before.0, before.1 + 1) };
        assert_eq!(after, want, "{url}, NO_PROXY={no_proxy:?}");
    }
}

#[tokio::test]
async fn a_child_writes_where_it_is_told() {
    let Ok(url) = std::env::var(CHILD_URL) else { return };
    let sink = quick(url).retry_max_time(Duration::from_secs(5)).build().unwrap();
    sink.send(series(0, 0)).await.unwrap();
    assert_eq!(sink.close().await.unwrap().written, 1);
}

/// The words of a refusal are decoration: who never ends them does not hold the sink up for the request's timeout.
#[tokio::test]
async fn an_answer_whose_body_stalls_counts_by_its_status() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = vec![0; 64 * 1024];
                let _ = stream.read(&mut request).await; // the head and a small body come together or in two
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 100\r\n\r\nbad").await;
                sleep(Duration::from_secs(60)).await;
            });
        }
    });
    let sink = quick(format!("http://{address}/api/v1/write")).build().unwrap();
    let begin = Instant::now();
    sink.send(series(0, 0)).await.unwrap();
    let ledger = timeout(SOON, sink.close()).await.expect("the status is enough").unwrap();
    assert_eq!((ledger.written, ledger.rejected_total()), (0, 1));
    assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
}
