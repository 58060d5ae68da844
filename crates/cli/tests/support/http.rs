//! A request to a listener, and its answer.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Status and body.
pub(crate) async fn get(url: &str, path: &str) -> (u16, String) {
    let (status, _, body) = answer(url, path, "").await;
    (status, body)
}

/// Status, head and body of an answer to a request with these headers beside its own.
pub(crate) async fn answer(url: &str, path: &str, headers: &str) -> (u16, String, String) {
    let host = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).await.expect("a listener");
    let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (head[9..12].parse().expect("a status"), head.to_lowercase(), body.to_owned())
}
