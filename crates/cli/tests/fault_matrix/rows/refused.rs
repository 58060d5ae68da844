//! 400, 409, 422, 413 and other 4xx: bad samples are found and rejected, the rest is written.

use narthex_receiver::Behaviour::{KeepsGood, Prometheus2_42};

use crate::row::{Extra, Row, row};

/// Vehicle 3 of 20 is bad: down to it, then the rest.
const ISOLATED: &str = "400x3 204 400 204 400x2 204x3";

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = bad_request();
    rows.extend(keeps_good());
    rows.extend(other());
    rows
}

fn bad_request() -> Vec<Row> {
    const LOST_ONE: &[&str] = &[
        "lost 1 of a request's 20 samples, first bad_request",
        "the receiver answered 400: out of order sample",
    ];
    const LOST_ALL: &[&str] = &["lost 20 of a request's 20 samples, first bad_request"];
    let one = row("400 for one sample").input(20, 1, 20).overtaken(&[3]).says(LOST_ONE);
    let isolated = one.seen(ISOLATED).ledger("written 19 rejected.bad_request 1");
    vec![
        isolated.clone(),
        isolated.clone().behaves(Prometheus2_42, "").checks("off").endless("TERM", 11),
        isolated.clone().flags("--fail-on-loss").fails(),
        row("400 for one sample of tomorrow, not checked")
            .input(20, 1, 50)
            .checks("off")
            .extra(Extra::Future)
            .seen("400 204 400 204")
            .ledger("written 20 rejected.bad_request 1"),
        row("400 for one sample")
            .input(20, 1, 20)
            .overtaken(&[3])
            .on_reject_discard()
            .seen("400")
            .ledger("rejected.bad_request 20")
            .says(LOST_ALL),
        row("400 for one sample")
            .overtaken(&[3])
            .checks("off")
            .on_reject_discard()
            .endless("INT", 2)
            .seen("400 204")
            .ledger("written 10 rejected.bad_request 10")
            .says(&["lost 10 of a request's 10 samples"]),
        row("400 for one vehicle of five samples each")
            .input(10, 5, 50)
            .checks("off")
            .overtaken(&[3])
            .seen_between(10, 40, "400")
            .ledger("written 45 rejected.bad_request 5"),
        row("400 for one vehicle of five samples each")
            .input(10, 5, 50)
            .overtaken(&[3])
            .seen_between(10, 40, "400")
            .ledger("written 45 rejected.bad_request 5"),
        row("400 for all")
            .input(8, 1, 8)
            .overtaken(&[0, 1, 2, 3, 4, 5, 6, 7])
            .seen("400x15")
            .ledger("rejected.bad_request 8")
            .says(&["lost 8 of a request's 8 samples"]),
        row("400 for all")
            .input(8, 1, 8)
            .overtaken(&[0, 1, 2, 3, 4, 5, 6, 7])
            .checks("off")
            .on_reject_discard()
            .on_exhausted_discard()
            .endless("TERM", 1)
            .seen("400")
            .ledger("rejected.bad_request 8"),
    ]
}

fn keeps_good() -> Vec<Row> {
    let one = row("400, the good part kept, one sample a series")
        .input(20, 1, 20)
        .behaves(KeepsGood, "")
        .overtaken(&[3]);
    let five = row("400, the good part kept, five samples a series")
        .input(10, 5, 50)
        .behaves(KeepsGood, "")
        .overtaken(&[3]);
    vec![
        one.clone().seen("400x3 200 400 200 400x2 200x3").ledger("written 19 rejected.bad_request 1"),
        one.clone().checks("off").on_reject_discard().seen("400").ledger("rejected.bad_request 20").held(19),
        five.clone().seen_between(10, 40, "400").ledger("written 18 replayed 27 rejected.bad_request 5"),
        five.checks("off")
            .endless("TERM", 1)
            .seen_between(10, 40, "400")
            .ledger("written 9 replayed 36 rejected.bad_request 5"),
    ]
}

fn other() -> Vec<Row> {
    let conflict = row("409 for one sample").input(20, 1, 20).script("409:if=vehicle=V3");
    let unprocessable = row("422 for one sample").input(20, 1, 20).script("422:if=vehicle=V3");
    let too_large = row("413 above 150 bytes")
        .input(40, 1, 40)
        .script("413:above=150")
        .ledger("written 40")
        .seen_between(5, 30, "413x3 204");
    vec![
        conflict
            .clone()
            .seen("409x3 204 409 204 409x2 204x3")
            .ledger("written 19 rejected.conflict 1")
            .says(&["first conflict"]),
        conflict
            .checks("off")
            .on_reject_discard()
            .endless("TERM", 1)
            .seen("409")
            .ledger("rejected.conflict 20"),
        unprocessable
            .clone()
            .checks("off")
            .endless("INT", 11)
            .seen("422x3 204 422 204 422x2 204x3")
            .ledger("written 19 rejected.unprocessable 1")
            .says(&["first unprocessable"]),
        unprocessable.on_reject_discard().seen("422").ledger("rejected.unprocessable 20"),
        row("408")
            .script("408")
            .seen("408 204")
            .ledger("written 10 rejected.client_error 10")
            .says(&["first client_error", "answered 408"]),
        row("408")
            .script("408")
            .checks("off")
            .on_reject_discard()
            .endless("TERM", 2)
            .seen("408 204")
            .ledger("written 10 rejected.client_error 10"),
        too_large.clone().says(&["the receiver finds requests too large"]),
        too_large.checks("off").on_reject_discard().endless("TERM", 1),
        row("413 for one sample alone")
            .input(10, 1, 50)
            .script("413:above=4kb")
            .extra(Extra::Large)
            .seen("413 204 413 204 413 204 413 204 413")
            .ledger("written 10 rejected.too_large 1")
            .says(&["first too_large"]),
    ]
}
