//! Jobs whose receiver fails: what is said, the exit code, the ledger, the memory.

use crate::support::job::{Job, rows};
use crate::support::ledger::{adds_up, count, total};
use crate::support::process::{Ended, Running, narthex};

/// Ten samples, a second apart.
const SAMPLES: &str = "INSERT INTO m SELECT n, TO_TIMESTAMP_LTZ(UNIX_TIMESTAMP() - 100 + n, 0) FROM t;";

async fn ran(script: &str, options: &str) -> (Job, Ended) {
    let job = Job::failing(script).await;
    job.file("in.json", rows(10));
    let sql = if options.is_empty() {
        SAMPLES.to_owned()
    } else {
        format!("CREATE TABLE n WITH ({options}) LIKE m; {}", SAMPLES.replace("INTO m", "INTO n"))
    };
    let ended = job.ran(&sql, &[]).await;
    assert_eq!(job.source("t"), [10, 10, 0, 0], "{}", ended.stderr);
    assert!(adds_up(&job.ledger()), "{}", job.ledger());
    assert_eq!(count(&job.ledger(), "received"), 10);
    (job, ended)
}

#[tokio::test]
async fn a_receiver_that_is_not_what_the_file_says_stops_the_job_and_nothing_is_lost() {
    for (script, words) in [
        ("401x*", "401"),
        ("403x*", "403"),
        ("404x*", "404"),
        ("405x*", "405"),
        ("301:location=/elsewherex*", "301"),
    ] {
        let (job, ended) = ran(script, "").await;
        assert_eq!(ended.code, Some(1), "{script}: {}", ended.stderr);
        assert!(ended.stderr.contains(words), "{script}: {}", ended.stderr);
        assert!(ended.stderr.contains("narthex: cannot write the table m: "), "{script}: {}", ended.stderr);
        assert!(
            !ended.stderr.contains("--auth") && !ended.stderr.contains("--url"),
            "{script}: {}",
            ended.stderr
        );
        assert_eq!(count(&job.ledger(), "pending"), 10, "{}", job.ledger());
        assert!(job.letters().is_empty());
    }
}

#[tokio::test]
async fn a_receiver_that_is_down_is_given_up_when_the_file_says_so() {
    let limit = "'sink.retry.max-time' = '300 ms'";
    for down in ["http://127.0.0.1:1/api/v1/write", "http://no-such-host.invalid/api/v1/write"] {
        let (job, ended) = ran("", &format!("{limit}, 'metric.endpoint-url' = '{down}'")).await;
        assert_eq!(ended.code, Some(1), "{down}: {}", ended.stderr);
        assert_eq!(count(&job.ledger(), "pending"), 10, "{}", ended.stderr);
        assert!(ended.stderr.contains("sink.retry.max-time"), "{}", ended.stderr);
    }
    let (job, ended) = ran("resetx*", &format!("{limit}, 'sink.on-exhausted' = 'discard'")).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(total(&job.ledger(), "dropped"), 10, "{}", job.ledger());
    assert_eq!(job.letters().len(), 10);
}

#[tokio::test]
async fn a_receiver_that_fails_now_and_then_costs_nothing() {
    for script in ["503x3 ok", "reset ok", "429:retry-after=0 ok", "delay=200ms ok"] {
        let (job, ended) = ran(script, "").await;
        assert_eq!(ended.code, Some(0), "{script}: {}", ended.stderr);
        assert_eq!((count(&job.ledger(), "written"), job.0.held_samples()), (10, 10), "{script}");
    }
}

#[tokio::test]
async fn a_bad_sample_costs_itself() {
    let job = Job::new().await;
    job.file("in.json", "{\"n\":1}\n{\"n\":null}\n{\"n\":3}\n");
    let sql = "INSERT INTO m SELECT n, TO_TIMESTAMP_LTZ(1700000000 + COALESCE(n, 2), 0) FROM t;";
    let ended = job.ran(sql, &[]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    job.0.assert_ledger("written 2 dropped.null 1");
    assert_eq!(job.letters()[0]["reason"], "null");
    assert_eq!(job.ran(sql, &["--fail-on-loss"]).await.code, Some(1));
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_named() {
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let job = Job::new().await;
    job.file("in.json", rows(10));
    job.file("cert.pem", certified.cert.pem());
    job.file("key.pem", certified.signing_key.serialize_pem());
    let (cert, key) = (job.path("cert.pem").display().to_string(), job.path("key.pem").display().to_string());
    let receive = ["receive", "--listen", "0", "--tls-cert-file", &cert, "--tls-key-file", &key];
    let mut receiver = Running::start(narthex(receive));
    let url = receiver.admin_url().await.replace("127.0.0.1", "localhost");
    let table = format!("'metric.endpoint-url' = '{url}/api/v1/write'");
    let insert = SAMPLES.replace("INTO m", "INTO n");
    let ended = job.ran(&format!("CREATE TABLE n WITH ({table}) LIKE m; {insert}"), &[]).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("certificate refused") && ended.stderr.contains("check the CA file"),
        "{}",
        ended.stderr
    );
    assert_eq!(count(&job.ledger(), "pending"), 10, "{}", job.ledger());
    let table = format!("{table}, 'sink.tls.ca-file' = '{cert}'");
    let ended = job.ran(&format!("CREATE TABLE n WITH ({table}) LIKE m; {insert}"), &[]).await;
    assert_eq!((ended.code, count(&job.ledger(), "written")), (Some(0), 10), "{}", ended.stderr);
    receiver.signal("TERM").await;
    receiver.ended().await;
}

#[tokio::test]
async fn memory_is_flat_while_a_receiver_throttles_a_job() {
    let job = Job::failing("429:retry-after=0x*").await;
    let sql = "CREATE TABLE fast (n INT) WITH ('connector' = 'datagen', 'rows-per-second' = '1000000');
               INSERT INTO m SELECT n, CURRENT_TIMESTAMP FROM fast;";
    let running = Running::start(job.command(sql, &["--drain-timeout", "0 s"]));
    let mut seen = Vec::new();
    for _ in 0..16 {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        seen.push(running.rss_kib());
    }
    running.signal("TERM").await;
    let ended = running.ended_with_input_open().await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(adds_up(&job.ledger()), "{}", job.ledger());
    job.source("fast");
    let (early, late) = (seen[8], seen[15]);
    assert!(late < early + 16 * 1024, "KiB: {seen:?}");
}
