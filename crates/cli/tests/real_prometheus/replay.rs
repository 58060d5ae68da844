//! Dead letters of late samples go into a server that has an out-of-order window.

use std::time::Duration;

use narthex_testkit::prometheus::{Options, Version, prometheus_or_skip_with};

use crate::bench::{Run, held, sorted};
use crate::support::input::now_ms;
use crate::support::process::{narthex, run};

#[tokio::test]
#[ignore = "real server: make it"]
async fn late_samples_are_replayed_into_an_out_of_order_window() {
    for version in Version::ALL {
        let options = Options { out_of_order_window: Duration::from_secs(1800), ..Options::default() };
        let Some(server) = prometheus_or_skip_with(version, options).await.expect("a server") else {
            continue;
        };
        let now = now_ms() - 60_000;
        let good: Vec<_> = (0..50).map(|vehicle| (vehicle, now, vehicle as f64)).collect();
        let late: Vec<_> = (0..50).map(|vehicle| (vehicle, now - 60_000 - vehicle as i64, 0.5)).collect();
        let lossy = Run::of(&server.write_url(), &[], &[&good[..], &late].concat()).await;
        lossy.assert_ledger("written 50 dropped.out_of_order 50");
        assert_eq!(held(&server, now - 600_000, now).await, good);

        // Without the flag, replay knows no newer samples either: the server alone decides.
        let mut command = narthex(["replay", "--url", &server.write_url()]);
        command.arg("--ledger").arg(lossy.path("replayed.json")).arg(lossy.path("dead.ndjson"));
        let ended = run(command, "").await;
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let ledger = crate::support::ledger::read(&lossy.path("replayed.json"));
        assert_eq!(crate::support::ledger::count(&ledger, "written"), 50, "{ledger}");
        assert_eq!(held(&server, now - 600_000, now).await, sorted([good, late].concat()));
    }
}

#[tokio::test]
#[ignore = "real server: make it"]
async fn late_samples_inside_the_window_are_written_at_once() {
    for version in Version::ALL {
        let options = Options { out_of_order_window: Duration::from_secs(1800), ..Options::default() };
        let Some(server) = prometheus_or_skip_with(version, options).await.expect("a server") else {
            continue;
        };
        let now = now_ms() - 60_000;
        let good: Vec<_> = (0..50).map(|vehicle| (vehicle, now, vehicle as f64)).collect();
        let late: Vec<_> = (0..50).map(|vehicle| (vehicle, now - 60_000 - vehicle as i64, 0.5)).collect();
        let too_late: Vec<_> = (0..50).map(|vehicle| (vehicle, now - 2_400_000, 0.5)).collect();
        let points = [&good[..], &late, &too_late].concat();
        let run = Run::of(&server.write_url(), &["--out-of-order-window", "30 min"], &points).await;
        run.assert_ledger("written 100 dropped.out_of_order 50");
        assert_eq!(held(&server, now - 3_000_000, now).await, sorted([good, late].concat()));
    }
}
