//! A strict Remote-Write 1.0 receiver in one process: for the demo, for dry runs and for tests.
//!
//! It answers as Prometheus 2.42 or 3.x does, or as the receivers that keep the good part of a request and
//! still say 400 ([`Behaviour`]): whole-request rollback, order checked only against what is committed,
//! series skipped behind a 204, and the rest of what makes a sender's life hard. It remembers what it
//! accepted, counts every sample's fate ([`Stats`]) and each break of a series' order, keeps a log of
//! requests, and misbehaves by script ([`Script`]).
//!
//! [`Receiver`] has no sockets and never sleeps: a request goes in, an [`Outcome`] comes out, in which a
//! delay is data. [`ReceiverServer`] puts it behind HTTP or HTTPS; an in-process transport can put it behind
//! a paused clock.
//!
//! It does not keep native histograms, exemplars or metadata (they are passed over, as a 2.42 without feature
//! flags does with exemplars), does not speak Remote-Write 2.0, and forgets everything when it ends.
//!
//! ```
//! use bytes::Bytes;
//! use narthex_receiver::{Fate, Receiver, ReceiverConfig};
//!
//! let receiver = Receiver::new(ReceiverConfig::default());
//! let empty = http::Request::post("/api/v1/write").body(Bytes::from_static(&[0])).unwrap();
//! let Fate::Answer(answer) = receiver.handle(empty).fate else { panic!("no answer") };
//! assert_eq!(answer.status(), 204); // an empty request is fine
//! ```
#![warn(missing_docs)]

mod answer;
mod behaviour;
mod config;
mod count;
mod dump;
mod duration;
mod fault;
mod head;
mod log;
mod metrics;
mod outcome;
mod receiver;
mod server;
mod stats;
mod store;
mod take;
mod unpack;

pub use behaviour::{Behaviour, UnknownBehaviour};
pub use config::{Credentials, Keep, ReceiverConfig};
pub use dump::{HeldSample, HeldSeries};
pub use duration::{BadDuration, parse_duration};
pub use fault::{Action, Fault, FaultError, Script, ScriptedAnswer, When};
pub use log::LoggedRequest;
pub use outcome::{Arrival, Fate, Outcome};
pub use receiver::Receiver;
pub use server::{ReceiverServer, ServerConfig, ServerError, ServerHandle, TlsIdentity};
pub use stats::{SampleCounts, Stats};
pub use store::RefusalReason;
