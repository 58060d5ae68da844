//! 2xx: what is sent counts as written; what the checks hold back never gets there.

use crate::row::{Extra, Row, row};

pub(crate) fn rows() -> Vec<Row> {
    vec![
        row("200").script("200x*").seen("200x2"),
        row("200")
            .script("200x*")
            .checks("off")
            .endless("INT", 2)
            .seen("200x2")
            .says(&["stopping: draining"]),
        row("202").script("202x*").checks("off").seen("202x2"),
        row("202").script("202x*").endless("TERM", 2).seen("202x2").says(&["stopping: draining"]),
        row("204"),
        row("204").checks("off").on_reject_discard().on_exhausted_discard().endless("TERM", 2),
        row("204, a late sample in the input, checked")
            .input(20, 1, 50)
            .extra(Extra::Older)
            .seen("204")
            .ledger("written 20 dropped.out_of_order 1")
            .says(&["first out_of_order: speed{vehicle=\"V3\"}"]),
        row("204, a late sample in the input, not checked: acknowledged is not stored")
            .input(20, 1, 50)
            .checks("off")
            .extra(Extra::Older)
            .seen("204")
            .ledger("written 21")
            .held(20)
            .disorder(1),
        row("204, a conflicting sample in the input, checked")
            .input(20, 1, 50)
            .extra(Extra::Conflict)
            .endless("TERM", 1)
            .seen("204")
            .ledger("written 20 dropped.duplicate 1")
            .says(&["first duplicate: speed{vehicle=\"V3\"}"]),
        row("204, a sample twice in the input: nothing is lost")
            .input(20, 1, 50)
            .extra(Extra::Same)
            .flags("--fail-on-loss")
            .seen("204")
            .ledger("written 20 dropped.duplicate_same 1"),
        row("204, a sample of tomorrow in the input, checked")
            .input(20, 1, 50)
            .extra(Extra::Future)
            .flags("--fail-on-loss")
            .seen("204")
            .ledger("written 20 dropped.too_far_in_future 1")
            .fails()
            .says(&["first too_far_in_future"]),
    ]
}
