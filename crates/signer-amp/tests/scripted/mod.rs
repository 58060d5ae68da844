//! A scripted HTTP endpoint on loopback that plays a credential service, and the words that such services say.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// Answers each request with the next step of its script, the last one for ever, and keeps what it was asked.
pub(crate) struct Endpoint {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Endpoint {
    pub(crate) fn start(script: Vec<(u16, String)>) -> Self {
        Self::start_with(script, "http://127.0.0.1", |stream, answer| answer(&mut { stream }))
    }

    /// Over TLS; also gives the certificate that its clients must trust, as PEM.
    pub(crate) fn start_tls(script: Vec<(u16, String)>) -> (Self, String) {
        let identity = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(identity.signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![identity.cert.der().clone()], key)
            .unwrap();
        let config = Arc::new(config);
        let endpoint = Self::start_with(script, "https://localhost", move |stream, answer| {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            answer(&mut stream);
            stream.conn.send_close_notify();
            let _ = stream.flush();
        });
        (endpoint, identity.cert.pem())
    }

    fn start_with(
        script: Vec<(u16, String)>,
        base: &str,
        serve: impl Fn(TcpStream, &mut dyn FnMut(&mut dyn ReadWrite)) + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("{base}:{}", listener.local_addr().unwrap().port());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        // Ends with the test's process.
        std::thread::spawn(move || {
            let mut steps = script.iter().chain(script.last().into_iter().cycle());
            for stream in listener.incoming() {
                serve(stream.unwrap(), &mut |stream| {
                    let Some(request) = read_request(stream) else { return };
                    seen.lock().unwrap().push(request);
                    write_answer(stream, steps.next().unwrap());
                });
            }
        });
        Self { url, requests }
    }

    /// Head and body of every request so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

trait ReadWrite: Read + Write {}

impl<T: Read + Write> ReadWrite for T {}

fn read_request(stream: &mut dyn ReadWrite) -> Option<String> {
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        if reader.read_line(&mut request).ok()? == 0 {
            return None;
        }
    }
    let lower = request.to_ascii_lowercase();
    let mut lengths = lower.lines().filter_map(|line| line.strip_prefix("content-length:"));
    let mut body = vec![0; lengths.next().map_or(0, |length| length.trim().parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    request.push_str(&String::from_utf8(body).unwrap());
    Some(request)
}

fn write_answer(stream: &mut dyn ReadWrite, (status, body): &(u16, String)) {
    let length = body.len();
    let ttl = "x-aws-ec2-metadata-token-ttl-seconds: 21600";
    let head = format!(
        "HTTP/1.1 {status} Scripted\r\ncontent-length: {length}\r\nconnection: close\r\n{ttl}\r\n\r\n"
    );
    // A client that has gone fails its own test.
    let _ = stream.write_all(format!("{head}{body}").as_bytes());
}

/// What the container endpoint, the instance metadata service and a credential process say.
pub(crate) fn keys_json(id: &str, expires: &str) -> String {
    format!(
        r#"{{"Version": 1, "Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": "{id}", "SecretAccessKey": "secret-of-{id}",
        "Token": "token-of-{id}", "SessionToken": "token-of-{id}", "Expiration": "{expires}", "LastUpdated": "{expires}"}}"#
    )
}

/// What STS says to `action`.
pub(crate) fn sts_keys(action: &str, id: &str, expires: &str) -> String {
    format!(
        "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result><AssumedRoleUser>\
         <AssumedRoleId>AROA:narthex</AssumedRoleId><Arn>arn:aws:sts::123456789012:assumed-role/writer/narthex</Arn>\
         </AssumedRoleUser><Credentials><AccessKeyId>{id}</AccessKeyId><SecretAccessKey>secret-of-{id}</SecretAccessKey>\
         <SessionToken>token-of-{id}</SessionToken><Expiration>{expires}</Expiration></Credentials></{action}Result>\
         <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></{action}Response>"
    )
}

/// How STS refuses.
pub(crate) fn sts_error(code: &str, message: &str) -> String {
    format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>1</RequestId></ErrorResponse>"
    )
}
