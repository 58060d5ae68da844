//! The fixture itself: both versions start, take samples, give them back exactly, and survive a kill.

use std::slice;
use std::time::Duration;

use narthex_model::{Clock as _, Labels, Sample, SystemClock, TimeSeries};
use narthex_protocol::{encode, headers, snappy};
use narthex_testkit::prometheus::{
    Options, Prometheus, Version, prometheus_or_skip, prometheus_or_skip_with,
};

/// Hand-made requests, so that the fixture does not lean on the client that it helps to test.
async fn write(server: &Prometheus, series: &[TimeSeries]) -> anyhow::Result<u16> {
    let mut plain = Vec::new();
    for one in series {
        encode::put_series(&mut plain, &one.labels, one.samples.iter().copied());
    }
    let body = snappy::Compressor::default().compress(&plain)?.to_vec();
    let host = server.base_url().replace("http://", "");
    let mut head = format!("POST /api/v1/write HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
    for (name, value) in [headers::CONTENT_ENCODING, headers::CONTENT_TYPE, headers::VERSION] {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    let answer = tokio::task::spawn_blocking(move || post(&host, head.as_bytes(), &body)).await??;
    Ok(answer.split(' ').nth(1).unwrap_or_default().parse()?)
}

fn post(host: &str, head: &[u8], body: &[u8]) -> std::io::Result<String> {
    use std::io::{Read as _, Write as _};
    let mut socket = std::net::TcpStream::connect(host)?;
    socket.write_all(&[head, body].concat())?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer)?;
    Ok(answer)
}

fn series(name: &str, device: usize, samples: impl IntoIterator<Item = Sample>) -> TimeSeries {
    TimeSeries::new(Labels::from_pairs([("__name__", name), ("device", &format!("d{device:06}"))]), samples)
}

async fn gives_back_what_it_took(version: Version) -> anyhow::Result<()> {
    let Some(mut server) = prometheus_or_skip(version).await? else { return Ok(()) };
    let t = SystemClock.now_ms() - 60_000;
    let values = [1.5, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 5e-324, 0.1 + 0.2];
    let sent = series("exact", 1, values.iter().zip(t..).map(|(value, at)| Sample::new(*value, at)));
    assert_eq!(write(&server, slice::from_ref(&sent)).await?, 204);

    let window = t..=t + 6;
    assert_eq!(server.samples("exact", window.clone()).await?, slice::from_ref(&sent));
    assert_eq!(server.samples("exact", t + 1..=t + 2).await?[0].samples.len(), 2);
    assert_eq!(server.count("exact", window.clone()).await?, 7);
    assert_eq!(server.sum_per_series("exact", t..=t + 1).await?[0].1, 1.5);
    assert_eq!(server.metric("prometheus_tsdb_head_series").await?, 1.0);
    let refused = server.samples("exact{", window.clone()).await.map_err(|error| error.to_string());
    assert!(
        refused.as_ref().is_err_and(|error| error.contains("refused: ") && error.contains("parse error")),
        "{refused:?}"
    );

    let url = server.write_url();
    server.kill_9()?;
    assert!(server.samples("exact", window.clone()).await.is_err());
    server.start_again().await?;
    assert_eq!(server.samples("exact", window.clone()).await?, slice::from_ref(&sent));
    server.restart().await?;
    assert_eq!(server.samples("exact", window).await?, [sent]);
    assert_eq!(server.write_url(), url);
    Ok(())
}

#[tokio::test]
#[ignore = "real server: make it"]
async fn prometheus_2_gives_back_what_it_took() -> anyhow::Result<()> {
    gives_back_what_it_took(Version::V2_42).await
}

#[tokio::test]
#[ignore = "real server: make it"]
async fn prometheus_3_gives_back_what_it_took() -> anyhow::Result<()> {
    gives_back_what_it_took(Version::V3).await
}

#[tokio::test]
#[ignore = "real server: make it"]
async fn late_samples_are_refused_unless_a_window_is_set() -> anyhow::Result<()> {
    for version in Version::ALL {
        for (minutes, status) in [(0, 400), (10, 204)] {
            let options =
                Options { out_of_order_window: Duration::from_secs(60 * minutes), ..Options::default() };
            let Some(server) = prometheus_or_skip_with(version, options).await? else { continue };
            let t = SystemClock.now_ms() - 600_000;
            assert_eq!(write(&server, &[series("late", 1, [Sample::new(1.0, t)])]).await?, 204);
            assert_eq!(
                write(&server, &[series("late", 1, [Sample::new(0.0, t - 60_000)])]).await?,
                status,
                "{version}"
            );
        }
    }
    Ok(())
}

/// The largest read that the sink's tests need.
#[tokio::test]
#[ignore = "real server: make it"]
async fn a_million_samples_come_back_in_one_read() -> anyhow::Result<()> {
    for version in Version::ALL {
        let Some(server) = prometheus_or_skip(version).await? else { continue };
        let t = SystemClock.now_ms() - 60_000;
        let sent: Vec<_> = (0..100_000)
            .map(|device| {
                series("many", device, (0..10).map(|i| Sample::new(device as f64 + i as f64 / 8.0, t + i)))
            })
            .collect();
        for batch in sent.chunks(2_000) {
            assert_eq!(write(&server, batch).await?, 204);
        }
        assert_eq!(server.count("many", t..=t + 9).await?, 1_000_000);
        let held = server.samples("many", t..=t + 9).await?;
        assert!(held == sent, "{version}: what came back differs");
        let sums = server.sum_per_series("many", t..=t + 9).await?;
        assert!(sums.iter().enumerate().all(|(device, (_, sum))| *sum == device as f64 * 10.0 + 45.0 / 8.0));
    }
    Ok(())
}
