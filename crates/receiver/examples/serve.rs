//! Starts a receiver in this process and prints where it listens; each argument is a script of faults. The
//! environment may name a `BEHAVIOUR` (`2.42`, `3`, `keeps-good`) and an out-of-order `WINDOW` (`30min`).
//!
//! ```text
//! cargo run -p narthex-receiver --example serve -- "503x3" "delay=40ms"
//! ```

use std::error::Error;
use std::io::Write;

use narthex_receiver::{Behaviour, ReceiverConfig, ReceiverServer, Script, parse_duration};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let behaviour = match std::env::var("BEHAVIOUR") {
        Ok(name) => name.parse()?,
        Err(_) => Behaviour::default(),
    };
    let mut config = ReceiverConfig::new(behaviour);
    if let Ok(window) = std::env::var("WINDOW") {
        config.out_of_order_window = parse_duration(&window)?;
    }
    for text in std::env::args().skip(1) {
        config = config.with_fault(text.parse::<Script>()?);
    }
    let server = ReceiverServer::start(config).await?;
    writeln!(std::io::stderr(), "listening on {}", server.url())?;
    std::future::pending().await
}
