//! The receiver may hold what it did not acknowledge: a refused repetition is no loss.

use crate::row::{Place, Row, row};
use crate::support::proxy::Act;

pub(crate) fn rows() -> Vec<Row> {
    const QUICK: &str = "--request-timeout 300ms";
    let five = |name, acts| row(name).input(10, 5, 50).at(Place::Proxy(acts)).checks("off");
    vec![
        row("answer lost after commit, one sample a series")
            .input(20, 1, 20)
            .script("lose-answer")
            .seen("- 204@1"),
        row("answer lost after commit, one sample a series")
            .input(20, 1, 20)
            .checks("off")
            .on_reject_discard()
            .script("lose-answer")
            .endless("TERM", 2)
            .seen("- 204@1"),
        five("answer lost after commit, five samples a series", &[Act::LoseAnswer])
            .seen("- 400@1 400x12 204")
            .ledger("written 10 replayed 40"),
        five("answer lost after commit, five samples a series", &[Act::LoseAnswer])
            .checks("full")
            .seen("- 204@1 204")
            .ledger("written 50"),
        row("answer lost after commit, five samples a series, the second request")
            .input(10, 5, 50)
            .at(Place::Proxy(&[Act::Pass, Act::LoseAnswer]))
            .seen("204 - 400@1 400x3 204")
            .ledger("written 20 replayed 30"),
        five(
            "answer lost after commit, five samples a series, the second request",
            &[Act::Pass, Act::LoseAnswer],
        )
        .input(10, 10, 50)
        .seen("204 - 400@1 400x12 204")
        .ledger("written 60 replayed 40"),
        five("answer lost after commit, five samples a series", &[Act::LoseAnswer])
            .on_reject_discard()
            .seen("- 400@1")
            .ledger("replayed 50"),
        five("answer lost of a refusal, one bad vehicle: nothing is replayed", &[Act::LoseAnswer])
            .overtaken(&[3])
            .seen_between(10, 40, "- 400@1")
            .ledger("written 45 rejected.bad_request 5"),
        row("answer lost for ever, patience ends")
            .input(20, 1, 20)
            .script("lose-answerx*")
            .flags("--max-retries 2")
            .seen("-@0..2")
            .ledger("pending 20")
            .held(20)
            .fails()
            .says(&["gave up after 3 attempts"]),
        row("answer lost for ever, patience ends")
            .input(20, 1, 20)
            .script("lose-answerx*")
            .flags("--max-retries 2")
            .checks("off")
            .on_exhausted_discard()
            .endless("TERM", 3)
            .seen("-@0..2")
            .ledger("dropped.retries_exhausted 20")
            .held(20),
        row("timeout after commit, one sample a series")
            .input(20, 1, 20)
            .script("silence:commit")
            .flags(QUICK)
            .seen("- 204@1"),
        row("timeout after commit, five samples a series")
            .input(10, 5, 50)
            .script("silence:commit")
            .flags(QUICK)
            .checks("off")
            .seen("- 400@1 400x12 204")
            .ledger("written 10 replayed 40"),
        five("a gateway's 503 after commit, five samples a series", &[Act::AnswerAfter(503)])
            .seen("503 400@1 400x12 204")
            .ledger("written 10 replayed 40"),
        five("request lost before it arrived, one bad vehicle: nothing is replayed", &[Act::LoseRequest])
            .overtaken(&[3])
            .seen_between(10, 40, "- 400@1")
            .ledger("written 45 rejected.bad_request 5"),
        five("request lost before it arrived, one bad vehicle: nothing is replayed", &[Act::LoseRequest])
            .checks("full")
            .overtaken(&[3])
            .seen_between(10, 40, "- 400@1")
            .ledger("written 45 rejected.bad_request 5"),
    ]
}
