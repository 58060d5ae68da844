//! The reasons for which samples are lost against docs/fates-and-reasons.md.

#![allow(clippy::unwrap_used, clippy::panic)] // helpers of tests; clippy.toml exempts tests alone

use narthex_sink::{Reason, Side};
use narthex_testkit::generated;

#[test]
fn the_page_lists_every_reason() {
    let rows = Reason::ALL.iter().map(|reason| {
        let side = match reason.side() {
            Side::Dropped => "dropped",
            Side::Rejected => "rejected",
        };
        [format!("`{reason}`"), side.to_owned(), reason.doc().trim().to_owned()]
    });
    generated::check_part(
        file!(),
        "docs/fates-and-reasons.md",
        &generated::table(["reason", "counted as", "when"], rows),
    );
}

#[test]
fn every_reason_is_a_whole_sentence_of_its_own() {
    for reason in Reason::ALL {
        let doc = reason.doc().trim();
        assert!(doc.ends_with('.') && doc.starts_with(char::is_uppercase), "{reason}: {doc:?}");
        assert!(Reason::ALL.iter().filter(|other| other.doc() == reason.doc()).count() == 1, "{reason}");
    }
}
