//! Exposition and OpenMetrics from the text to the query.

use narthex_model::Sample;
use narthex_testkit::prometheus::{Version, prometheus_or_skip};

use crate::bench::Run;
use crate::support::input::now_ms;

#[tokio::test]
#[ignore = "real server: make it"]
async fn exposition_and_openmetrics_come_out_as_they_went_in() {
    for version in Version::ALL {
        let Some(server) = prometheus_or_skip(version).await.expect("a server") else { continue };
        let at = now_ms() / 1000 * 1000 - 60_000;
        let exposition = format!(
            "# HELP temp Degrees.\n# TYPE temp gauge\ntemp{{room=\"a \\\"b\\\" \\\\ c\",}} -1.5e3 {at}\ntemp {{ room = \"\u{fc}\" }} +Inf {}\n\ntemp{{room=\"n\"}} NaN {at}\n",
            at + 1
        );
        let run =
            Run::of_input(&server.write_url(), &["--format", "exposition"], exposition.as_bytes()).await;
        run.assert_ledger("written 3");
        let held = server.samples("temp", at - 1000..=at + 1000).await.expect("samples");
        let shown: Vec<String> = held.iter().map(|series| series.labels.to_string()).collect();
        assert_eq!(shown, ["temp{room=\"a \\\"b\\\" \\\\ c\"}", "temp{room=\"n\"}", "temp{room=\"\u{fc}\"}"]);
        assert_eq!(held[0].samples[..], [Sample::new(-1500.0, at)]);
        assert!(held[1].samples[0].value().is_nan());
        assert_eq!(held[2].samples[..], [Sample::new(f64::INFINITY, at + 1)]);

        let seconds = at / 1000;
        let openmetrics = format!(
            "# TYPE hits counter\n# UNIT hits hits\nhits_total{{code=\"200\"}} 7 {seconds}.250 # {{trace=\"x\"}} 1 {seconds}\nhits_created{{code=\"200\"}} {seconds} {seconds}.25\n# EOF\n"
        );
        let run =
            Run::of_input(&server.write_url(), &["--format", "openmetrics"], openmetrics.as_bytes()).await;
        run.assert_ledger("written 2");
        let held = server.samples("{__name__=~\"hits.*\"}", at..=at + 1000).await.expect("samples");
        assert_eq!(held[1].samples[..], [Sample::new(7.0, at + 250)], "{held:?}");
        assert_eq!(held[0].samples[..], [Sample::new(seconds as f64, at + 250)], "{held:?}");
    }
}
