//! The receiver as its users see it: rows of the table of answers, scripts, sockets.
// Also in functions that only tests call, which clippy does not see.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod properties;
mod scripts;
mod sender;
mod sockets;
mod table_order;
mod table_shape;
mod tls;
