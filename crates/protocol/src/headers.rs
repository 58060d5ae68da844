//! Names and values of the headers that Remote-Write 1.0 asks of a sender, and those that it uses beyond.

/// Fixed by the specification ("Protocol"); the block format, never framed.
pub const CONTENT_ENCODING: (&str, &str) = ("content-encoding", "snappy");
/// Fixed by the specification; receivers of 3.x compare it letter by letter.
pub const CONTENT_TYPE: (&str, &str) = ("content-type", "application/x-protobuf");
/// The version of the protocol that the body follows.
pub const VERSION: (&str, &str) = ("x-prometheus-remote-write-version", "0.1.0");
/// Number of the retry, 1 for the first; left out on the first attempt, as the reference sender does.
pub const RETRY_ATTEMPT: &str = "retry-attempt";

/// Headers that the sink sets itself and that user-defined ones must not replace (Remote-Write 1.0 for the
/// first four; the rest would break HTTP or the retry loop).
pub const RESERVED: [&str; 10] = [
    "content-encoding",
    "content-type",
    "user-agent",
    "x-prometheus-remote-write-version",
    "retry-attempt",
    "content-length",
    "transfer-encoding",
    "host",
    "connection",
    "te",
];
