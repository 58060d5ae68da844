//! 429 and 5xx: again, until the receiver takes it or patience ends.

use crate::row::{Row, row};

const TWICE: &str = "--max-retries 2";

pub(crate) fn rows() -> Vec<Row> {
    let gave_up = |name, script, seen| {
        row(name)
            .input(20, 1, 20)
            .flags(TWICE)
            .script(script)
            .seen(seen)
            .ledger("pending 20")
            .fails()
            .says(&["gave up after 3 attempts"])
    };
    let let_go = |name, script, seen| {
        row(name)
            .input(20, 1, 20)
            .flags(TWICE)
            .script(script)
            .seen(seen)
            .on_exhausted_discard()
            .ledger("dropped.retries_exhausted 20")
            .says(&["lost 20 of a request's 20 samples, first retries_exhausted"])
    };
    let drained = |name, script| {
        row(name)
            .input(20, 1, 20)
            .script(script)
            .endless("TERM", 3)
            .flags("--drain-timeout 300ms")
            .ledger("pending 20")
            .fails()
            .says(&["cannot drain within 0.3 s: 20 samples are still pending"])
    };
    vec![
        row("429 three times")
            .script("429x3")
            .seen("429@0..2 204@3 204")
            .says(&["answered 429", "trying for"]),
        row("429 three times").script("ok 429x3").checks("off").endless("TERM", 5).seen("204 429@0..2 204@3"),
        gave_up("429 for ever", "429x*", "429@0..2"),
        let_go("429 for ever", "429x*", "429@0..2").checks("off").endless("INT", 3),
        drained("429 for ever", "429x*").seen_between(4, 60, "429@0.."),
        row("429 with Retry-After 1")
            .script("429:retry-after=1")
            .seen("429 204@1 204")
            .waits_ms(990)
            .says(&["again in 1.00 s"]),
        row("429 with Retry-After 1")
            .script("ok 429:retry-after=1")
            .checks("off")
            .endless("TERM", 3)
            .seen("204 429 204@1")
            .waits_ms(990),
        row("429 with Retry-After of an hour, cut to a tenth of a second")
            .flags("--retry-max-retry-after 100ms")
            .script("429:retry-after=3600")
            .seen("429 204@1 204")
            .waits_ms(99),
        row("500 three times").script("500x3").checks("off").seen("500@0..2 204@3 204"),
        gave_up("500 for ever", "500x*", "500@0..2").checks("off").stops(),
        let_go("500 for ever", "500x*", "500@0..2"),
        row("500 for one sample")
            .script("500:if=vehicle=V13")
            .seen_between(18, 40, "204 500@0..")
            .ledger("written 19 rejected.server_error 1")
            .says(&["first server_error", "answered 500"]),
        row("500 for one sample")
            .script("500:if=vehicle=V13")
            .checks("off")
            .on_reject_discard()
            .endless("TERM", 12)
            .seen_between(18, 40, "204 500@0..")
            .ledger("written 19 rejected.server_error 1"),
        row("500 for one sample, before anything was accepted")
            .input(20, 1, 20)
            .script("500:if=vehicle=V3")
            .flags("--retry-max-time 300ms")
            .seen_between(5, 40, "500@0..")
            .ledger("pending 20")
            .fails()
            .says(&["gave up after"]),
        row("503 four times, after an accepted request").script("ok 503x4").seen("204 503@0..3 204@4"),
        row("503 four times")
            .script("503x4")
            .checks("off")
            .on_exhausted_discard()
            .endless("INT", 6)
            .seen("503@0..3 204@4 204"),
        row("503 for ever, before anything was accepted")
            .input(20, 1, 20)
            .script("503x*")
            .flags("--retry-max-time 300ms")
            .seen_between(5, 40, "503@0..")
            .ledger("pending 20")
            .fails()
            .says(&["gave up after"]),
        drained("503 for ever", "503x*").checks("off").seen_between(4, 60, "503@0.."),
        let_go("503 for ever", "503x*", "503@0..2").endless("TERM", 3),
        row("529 three times").script("529x3").seen("529@0..2 204@3 204"),
    ]
}
