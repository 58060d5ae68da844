//! A million samples in a hundred thousand series: what comes back equals what went in.

use narthex_model::Labels;
use narthex_protocol::text::{Format, Item, LineParser};
use narthex_testkit::prometheus::{Version, prometheus_or_skip};
use tokio::time::Instant;

use crate::bench::{Run, Totals, print, totals};
use crate::support::process::{narthex, run};

#[tokio::test]
#[ignore = "real server: make it"]
async fn a_million_samples_in_100_000_series_arrive_whole() {
    for version in Version::ALL {
        let Some(server) = prometheus_or_skip(version).await.expect("a server") else { continue };
        let generate = ["generate", "--kind", "series", "--series", "100000", "--samples-per-series", "10"];
        let generated = run(narthex(generate), "").await;
        assert_eq!(generated.code, Some(0), "{}", generated.stderr);
        let (expected, from, to) = expected(&generated.stdout);
        assert_eq!(expected.len(), 100_000);

        let begun = Instant::now();
        let run = Run::of_input(&server.write_url(), &[], &generated.stdout).await;
        let took = begun.elapsed();
        run.assert_ledger("written 1000000");
        let stored = totals(&server, "generated", from, to).await;
        assert_eq!(stored.len(), 100_000);
        assert!(stored == expected, "{version}: counts or sums differ");
        print(&format!(
            "{version}: 1,000,000 samples in 100,000 series in {:.1} s, {} requests, counts and sums of all series equal",
            took.as_secs_f32(),
            run.count("requests")
        ));
    }
}

/// Count and sum of each series in the input, and its first and last timestamp.
fn expected(input: &[u8]) -> (Totals, i64, i64) {
    let mut parser = LineParser::new(Format::NdJson);
    let (mut totals, mut from, mut to) = (Totals::new(), i64::MAX, i64::MIN);
    let mut items = Vec::new();
    for line in input.split(|&byte| byte == b'\n') {
        parser.parse_line(line, &mut items).expect("a generated line");
        for item in items.drain(..) {
            let Item::Series(series) = item else { panic!("not whole: {item:?}") };
            let labels = Labels::from_pairs(series.labels.iter().filter(|(name, _)| *name != b"__name__"));
            let (count, sum) = totals.entry(labels.to_string()).or_default();
            for sample in &series.samples {
                (*count, *sum) = (*count + 1, *sum + sample.value());
                (from, to) = (from.min(sample.timestamp_ms), to.max(sample.timestamp_ms));
            }
        }
    }
    (totals, from, to)
}
