//! Nothing comes back, and nothing was stored: refused, timeout, reset, TLS and DNS errors.

use crate::row::{Place, Row, row};
use crate::support::proxy::Act;

const TWICE: &str = "--max-retries 2";
const QUICK: &str = "--request-timeout 300ms";
const QUICK_TWICE: &str = "--request-timeout 300ms --max-retries 2";

pub(crate) fn rows() -> Vec<Row> {
    let gave_up = |name, place| {
        row(name)
            .input(20, 1, 20)
            .at(place)
            .flags(TWICE)
            .attempts(3, 3)
            .retries(2)
            .ledger("pending 20")
            .fails()
            .says(&["gave up after 3 attempts"])
    };
    let let_go = |name, place| {
        row(name)
            .input(20, 1, 20)
            .at(place)
            .flags(TWICE)
            .on_exhausted_discard()
            .attempts(3, 3)
            .retries(2)
            .ledger("dropped.retries_exhausted 20")
            .says(&["first retries_exhausted"])
    };
    let drained = |name, place| {
        row(name)
            .input(20, 1, 20)
            .at(place)
            .flags("--drain-timeout 300ms")
            .attempts(1, 200)
            .ledger("pending 20")
            .endless_until("TERM", "trying for")
            .fails()
            .says(&["cannot drain within 0.3 s: 20 samples are still pending"])
    };
    let mut rows = vec![
        gave_up("connection refused", Place::Closed),
        gave_up("connection refused", Place::Closed).checks("off").stops(),
        let_go("connection refused", Place::Closed).checks("off"),
        drained("connection refused", Place::Closed),
        row("connection refused for half a second")
            .script("down:after=0s,for=500ms")
            .seen_between(3, 60, "")
            .says(&["trying for"]),
        gave_up("DNS error", Place::NoSuchName).says(&["dns error"]),
        let_go("DNS error", Place::NoSuchName).endless_until("INT", "first retries_exhausted"),
        drained("DNS error", Place::NoSuchName).checks("off"),
        gave_up("TLS error: the receiver speaks plain HTTP", Place::PlainBehindHttps),
        let_go("TLS error: the receiver speaks plain HTTP", Place::PlainBehindHttps).checks("off"),
        row("TLS error: another certificate for a while, after an accepted request")
            .input(10, 1, 10)
            .at(Place::CertificateReplaced)
            .endless("TERM", 2)
            .seen_between(3, 100, "204 204@")
            .says(&["certificate refused", "trying for"]),
    ];
    rows.extend(timeouts());
    rows.extend(resets());
    rows
}

fn timeouts() -> Vec<Row> {
    let timeout = |name| row(name).input(20, 1, 20).flags(QUICK);
    vec![
        timeout("timeout, nothing stored")
            .script("silence")
            .seen("- 204@1")
            .ledger("written 20")
            .waits_ms(290),
        timeout("timeout, nothing stored").script("silence").checks("off").endless("TERM", 2).seen("- 204@1"),
        timeout("timeout for ever")
            .flags(QUICK_TWICE)
            .script("silencex*")
            .seen("-@0..2")
            .ledger("pending 20")
            .fails()
            .says(&["gave up after 3 attempts"]),
        timeout("timeout for ever")
            .flags(QUICK_TWICE)
            .script("silencex*")
            .checks("off")
            .on_exhausted_discard()
            .seen("-@0..2")
            .ledger("dropped.retries_exhausted 20"),
    ]
}

fn resets() -> Vec<Row> {
    let reset = |name, acts| row(name).input(20, 1, 20).at(Place::Proxy(acts));
    vec![
        reset("reset in the middle of the body", &[Act::ResetInBody]).seen("- 204@1"),
        reset("reset in the middle of the body", &[Act::ResetInBody, Act::ResetInBody])
            .checks("off")
            .endless("INT", 3)
            .seen("-@0..1 204@2"),
        row("reset after the body").script("reset").seen("- 204@1 204"),
        row("reset before the body, for ever")
            .input(20, 1, 20)
            .script("reset-earlyx*")
            .flags(TWICE)
            .on_exhausted_discard()
            .seen("-@0..2")
            .ledger("dropped.retries_exhausted 20"),
        row("an answer of 200 that breaks off in its body").script("cut-answer").seen("200 204"),
    ]
}
