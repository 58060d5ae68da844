//! Basic and bearer authentication, as signers: the secret may lie in a file that is read at each attempt,
//! so that a rotated one is taken without a restart.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;
use std::{fmt, io};

use http::{HeaderValue, header::AUTHORIZATION};

use crate::{BoxFuture, SignError, Signer};
use base64::prelude::{BASE64_STANDARD, Engine};

/// How long a secret in a pipe is waited for.
const PIPE_WITHIN: Duration = Duration::from_secs(5);

/// A secret, given or in a file.
pub enum Secret {
    /// The secret itself.
    Literal(String),
    /// A file that holds it; white space around it is cut off.
    File(PathBuf),
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Secret::Literal(_) => f.write_str("Literal(***)"),
            Secret::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

/// Sends `Authorization: Basic` or `Authorization: Bearer`.
pub struct HeaderAuth {
    scheme: Scheme,
    secret: Secret,
    /// The last secret that could be read: while a file is being replaced, the old one serves on.
    last_good: Mutex<Option<HeaderValue>>,
}

enum Scheme {
    Basic { username: String },
    Bearer,
}

impl HeaderAuth {
    /// `Authorization: Basic`.
    pub fn basic(username: impl Into<String>, password: Secret) -> Self {
        Self::new(Scheme::Basic { username: username.into() }, password)
    }

    /// `Authorization: Bearer`.
    pub fn bearer(token: Secret) -> Self {
        Self::new(Scheme::Bearer, token)
    }

    fn new(scheme: Scheme, secret: Secret) -> Self {
        Self { scheme, secret, last_good: Mutex::new(None) }
    }

    /// Whether the secret can be had now; asked once before anything is sent.
    ///
    /// # Errors
    /// When the file cannot be read or the secret is no valid header value.
    pub fn check(&self) -> Result<(), SignError> {
        self.header().map(drop)
    }

    fn header(&self) -> Result<HeaderValue, SignError> {
        match self.fresh_header() {
            Ok(header) => {
                *lock(&self.last_good) = Some(header.clone());
                Ok(header)
            }
            Err(error) => lock(&self.last_good).clone().ok_or(error),
        }
    }

    fn fresh_header(&self) -> Result<HeaderValue, SignError> {
        let secret = match &self.secret {
            Secret::Literal(secret) => secret.clone(),
            Secret::File(path) => match read(path) {
                Ok(text) if !text.trim().is_empty() => text.trim().to_owned(),
                Ok(_) => return Err(permanent(format!("the secret file {} is empty", path.display()))),
                Err(error) => {
                    return Err(permanent(format!(
                        "the secret file {} cannot be read: {error}",
                        path.display()
                    )));
                }
            },
        };
        let text = match &self.scheme {
            Scheme::Basic { username } => {
                format!("Basic {}", BASE64_STANDARD.encode(format!("{username}:{secret}")))
            }
            Scheme::Bearer => format!("Bearer {secret}"),
        };
        let mut header = HeaderValue::try_from(text)
            .map_err(|_| permanent("the secret holds characters that no header can carry".to_owned()))?;
        header.set_sensitive(true);
        Ok(header)
    }
}

impl fmt::Debug for HeaderAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Basic { .. } => "Basic",
            Scheme::Bearer => "Bearer",
        };
        f.debug_struct("HeaderAuth").field("scheme", &scheme).field("secret", &self.secret).finish()
    }
}

impl Signer for HeaderAuth {
    fn sign<'a>(
        &'a self,
        head: &'a mut http::request::Parts,
        _body: &'a [u8],
        _now_ms: i64,
    ) -> BoxFuture<'a, Result<(), SignError>> {
        let signed = self.header().map(|header| {
            head.headers.insert(AUTHORIZATION, header);
        });
        Box::pin(std::future::ready(signed))
    }
}

/// Reads a secret. Opening and reading a pipe may wait for who writes to it, and that for ever: such a file is read by a
/// thread of its own, which is left alone when it takes too long.
fn read(path: &Path) -> io::Result<String> {
    if std::fs::metadata(path)?.is_file() {
        return std::fs::read_to_string(path);
    }
    let (to, read) = std::sync::mpsc::channel();
    let path = path.to_owned();
    std::thread::spawn(move || to.send(std::fs::read_to_string(path)));
    let nobody =
        || io::Error::new(io::ErrorKind::TimedOut, "it is no file, and nobody has written to it for 5 s");
    read.recv_timeout(PIPE_WITHIN).unwrap_or_else(|_| Err(nobody()))
}

fn permanent(message: String) -> SignError {
    SignError { message, is_retryable: false }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(auth: &HeaderAuth) -> String {
        auth.header().unwrap().to_str().unwrap().to_owned()
    }

    #[test]
    fn basic_and_bearer_are_written_as_the_rfcs_say() {
        // RFC 7617, section 2
        let auth = HeaderAuth::basic("Aladdin", Secret::Literal("open sesame".into()));
        assert_eq!(signed(&auth), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(signed(&HeaderAuth::bearer(Secret::Literal("t0k".into()))), "Bearer t0k");
    }

    #[test]
    fn a_rotated_file_is_taken_and_a_vanished_one_leaves_the_old_secret() {
        let path = std::env::temp_dir().join(format!("narthex-auth-{}", std::process::id()));
        std::fs::write(&path, "one\n").unwrap();
        let auth = HeaderAuth::bearer(Secret::File(path.clone()));
        assert_eq!(signed(&auth), "Bearer one");
        std::fs::write(&path, "two").unwrap();
        assert_eq!(signed(&auth), "Bearer two");
        std::fs::remove_file(&path).unwrap();
        assert_eq!(signed(&auth), "Bearer two");
        assert!(HeaderAuth::bearer(Secret::File(path)).check().is_err());
    }

    #[test]
    fn secrets_are_not_shown() {
        let auth = HeaderAuth::basic("u", Secret::Literal("planted".into()));
        assert!(!format!("{auth:?} {:?}", auth.header().unwrap()).contains("planted"));
        assert!(
            !HeaderAuth::bearer(Secret::Literal("planted\n".into()))
                .check()
                .unwrap_err()
                .to_string()
                .contains("planted")
        );
    }
}
