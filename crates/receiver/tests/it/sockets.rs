//! The receiver on real sockets, in real time: what a client sees of each way to end badly.

use std::io::ErrorKind;
use std::time::Duration;

use bytes::Bytes;
use narthex_receiver::Behaviour::Prometheus3;
use narthex_receiver::{ReceiverConfig, ReceiverServer, Script, ServerHandle};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::sender::*;

async fn start(scripts: &[&str]) -> ServerHandle {
    let scripts = scripts.iter().map(|text| text.parse::<Script>().unwrap());
    ReceiverServer::start(scripts.fold(config(Prometheus3), ReceiverConfig::with_fault)).await.unwrap()
}

pub(crate) fn request(body: &Bytes) -> Vec<u8> {
    let mut request = format!(
        "POST /api/v1/write HTTP/1.1\r\nhost: receiver\r\ncontent-type: application/x-protobuf\r\n\
         content-encoding: snappy\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    request
}

fn sample(at: i64) -> Bytes {
    body(&[metric("m").at(NOW + at, 1.0)])
}

/// What comes back, up to the end of the connection or of the first answer without a body; and the error.
async fn exchange(stream: &mut TcpStream, body: &Bytes) -> (String, Option<ErrorKind>) {
    if let Err(error) = stream.write_all(&request(body)).await {
        return (String::new(), Some(error.kind()));
    }
    read_answer(stream).await
}

async fn read_answer(stream: &mut TcpStream) -> (String, Option<ErrorKind>) {
    let mut answer = Vec::new();
    loop {
        match stream.read_buf(&mut answer).await {
            Ok(0) => return (text(&answer), None),
            Ok(_) if is_whole(&text(&answer)) => return (text(&answer), None),
            Ok(_) => {}
            Err(error) => return (text(&answer), Some(error.kind())),
        }
    }
}

fn is_whole(answer: &str) -> bool {
    let Some((head, body)) = answer.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
    body.len() >= length.parse::<usize>().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

async fn connect(server: &ServerHandle) -> TcpStream {
    TcpStream::connect(server.address()).await.unwrap()
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_request() {
    let server = start(&["ok 503:retry-after=1"]).await;
    let mut stream = connect(&server).await;
    assert!(exchange(&mut stream, &sample(0)).await.0.starts_with("HTTP/1.1 204"));
    let (answer, _) = exchange(&mut stream, &sample(1)).await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after: 1"), "{answer}");
    assert!(exchange(&mut stream, &sample(2)).await.0.starts_with("HTTP/1.1 204"));
    assert_eq!(server.url(), format!("http://{}", server.address()));
    assert_eq!(server.stats().samples.stored, 2);
    drop(stream);
    server.shutdown().await;
}

#[tokio::test]
async fn a_reset_is_a_real_one_before_and_after_the_body() {
    for script in ["reset", "reset-early"] {
        let server = start(&[script]).await;
        let (answer, error) = exchange(&mut connect(&server).await, &sample(0)).await;
        assert_eq!((answer.as_str(), error), ("", Some(ErrorKind::ConnectionReset)), "{script}");
        assert_eq!(server.stats().samples.received, 0);
    }
}

#[tokio::test]
async fn an_early_reset_does_not_wait_for_the_body() {
    let server = start(&["reset-early"]).await;
    let mut stream = connect(&server).await;
    let request = request(&sample(0));
    stream.write_all(&request[..request.len() - 1]).await.unwrap();
    assert_eq!(read_answer(&mut stream).await.1, Some(ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn a_lost_answer_commits_and_closes_in_good_order() {
    let server = start(&["lose-answer"]).await;
    let (answer, error) = exchange(&mut connect(&server).await, &sample(0)).await;
    assert_eq!((answer.as_str(), error), ("", None));
    assert_eq!(server.dump().len(), 1);
}

#[tokio::test]
async fn a_cut_answer_has_its_head_and_half_of_its_body() {
    let server = start(&["cut-answer"]).await;
    let (answer, error) = exchange(&mut connect(&server).await, &sample(0)).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"));
    let length: usize =
        head.lines().find_map(|l| l.strip_prefix("content-length: ")).unwrap().parse().unwrap();
    assert_eq!((body.len(), error), (length / 2, None));
    assert_eq!(server.stats().samples.stored, 1);
}

#[tokio::test]
async fn silence_keeps_the_connection_open() {
    let server = start(&["silence"]).await;
    let mut stream = connect(&server).await;
    assert!(timeout(Duration::from_millis(100), exchange(&mut stream, &sample(0))).await.is_err());
    drop(stream);
    assert!(exchange(&mut connect(&server).await, &sample(0)).await.0.starts_with("HTTP/1.1 204"));
    server.shutdown().await;
}

#[tokio::test]
async fn a_delayed_answer_takes_its_time() {
    let server = start(&["delay=80ms"]).await;
    let begin = Instant::now();
    assert!(exchange(&mut connect(&server).await, &sample(0)).await.0.starts_with("HTTP/1.1 204"));
    assert!(begin.elapsed() >= Duration::from_millis(80));
}

#[tokio::test]
async fn a_slow_reader_holds_the_sender_up() {
    let server = start(&["read-rate=1mb"]).await;
    let mut stream = connect(&server).await;
    // Noise does not pack: 300 kB at 1 MB/s.
    let noise: Vec<u8> = (0..300_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let begin = Instant::now();
    let (answer, _) = exchange(&mut stream, &Bytes::from(noise)).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(begin.elapsed() >= Duration::from_millis(250), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn a_request_that_breaks_off_was_never_there() {
    let server = start(&[]).await;
    let mut stream = connect(&server).await;
    let request = request(&sample(0));
    stream.write_all(&request[..request.len() - 1]).await.unwrap();
    stream.shutdown().await.unwrap();
    read_answer(&mut stream).await;
    assert_eq!(server.stats().all_requests(), 0);
}

#[tokio::test]
async fn during_an_outage_connections_are_reset_and_refused_and_the_port_comes_back() {
    let server = start(&["down:for=300ms"]).await;
    let mut open = connect(&server).await;
    let (answer, error) = exchange(&mut open, &sample(0)).await;
    assert!(answer.is_empty() && error.is_some(), "{answer}");
    let refused = async {
        // A connection that was waiting to be accepted when the listener closed is reset instead.
        while TcpStream::connect(server.address()).await.map_err(|e| e.kind()).err()
            != Some(ErrorKind::ConnectionRefused)
        {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(Duration::from_secs(5), refused).await.unwrap();
    let back = async {
        loop {
            if let Ok(mut stream) = TcpStream::connect(server.address()).await {
                return exchange(&mut stream, &sample(0)).await.0;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(timeout(Duration::from_secs(5), back).await.unwrap().starts_with("HTTP/1.1 204"));
    server.shutdown().await;
}

#[tokio::test]
async fn connections_can_be_reset_from_the_test() {
    let server = start(&[]).await;
    let mut stream = connect(&server).await;
    assert!(exchange(&mut stream, &sample(0)).await.0.starts_with("HTTP/1.1 204"));
    server.reset_connections();
    assert_eq!(read_answer(&mut stream).await.1, Some(ErrorKind::ConnectionReset));
    let mut stream = connect(&server).await;
    assert!(exchange(&mut stream, &sample(1)).await.0.starts_with("HTTP/1.1 204"));
}

#[tokio::test]
async fn a_receiver_can_be_stopped_and_put_back_with_what_it_held() {
    let server = start(&[]).await;
    let mut stream = connect(&server).await;
    exchange(&mut stream, &sample(0)).await;
    let (receiver, address) = (server.receiver().clone(), server.address());
    server.shutdown().await;
    assert_eq!(read_answer(&mut stream).await, (String::new(), None));
    let refused = TcpStream::connect(address).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);

    let server = ReceiverServer::serve(receiver, address, None).await.unwrap();
    let (answer, _) = exchange(&mut connect(&server).await, &sample(-1)).await;
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("out of order sample"), "{answer}");
    server.shutdown().await;
}

#[tokio::test]
async fn a_body_above_the_limit_is_a_413() {
    let server = start(&[]).await;
    let mut stream = connect(&server).await;
    let head = format!("POST /api/v1/write HTTP/1.1\r\nhost: r\r\ncontent-length: {}\r\n\r\n", 40 << 20);
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = vec![0u8; 1 << 20];
    for _ in 0..40 {
        stream.write_all(&chunk).await.unwrap();
    }
    assert!(read_answer(&mut stream).await.0.starts_with("HTTP/1.1 413"));
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let server = start(&[]).await;
    let config = narthex_receiver::ServerConfig { listen: server.address(), ..Default::default() };
    let error = ReceiverServer::start(config).await.unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot listen on {}", server.address())), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_million_samples_in_a_hundred_thousand_series_are_held() {
    let server = start(&[]).await;
    let mut stream = connect(&server).await;
    for at in 0..10 {
        for part in 0..20 {
            let series: Vec<_> = (0..5000)
                .map(|n| {
                    metric("load").label("device", format!("D{}", part * 5000 + n)).at(NOW + at, n as f64)
                })
                .collect();
            let (answer, _) = exchange(&mut stream, &body(&series)).await;
            assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
        }
    }
    let stats = server.stats();
    assert_eq!(
        (stats.samples.stored, stats.series_held, stats.samples.order_violations),
        (1_000_000, 100_000, 0)
    );
}
