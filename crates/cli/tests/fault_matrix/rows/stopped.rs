//! 401, 403, 404, 405, 415 and redirects: the run ends, whatever the flags say, and nothing counts as lost.

use crate::row::{Place, Row, row};

pub(crate) fn rows() -> Vec<Row> {
    let stop = |name, script, seen, says| {
        row(name).input(20, 1, 20).script(script).seen(seen).ledger("pending 20").fails().says(says)
    };
    vec![
        stop("401", "401", "401", &["ERROR", "answered 401", "check user name, password or token"]),
        stop("401", "401", "401", &["check user name, password or token"])
            .checks("off")
            .on_reject_discard()
            .on_exhausted_discard()
            .stops(),
        row("401 after an accepted request")
            .script("ok 401x*")
            .seen("204 401")
            .ledger("written 10 pending 10")
            .fails()
            .says(&["ERROR"]),
        stop("403", "403", "403", &["check that these credentials may write"]).stops(),
        stop(
            "404",
            "404",
            "404",
            &["check the URL's path; Prometheus needs --web.enable-remote-write-receiver"],
        ),
        stop("404", "404", "404", &["check the URL's path"]).checks("off").on_exhausted_discard().stops(),
        stop("405", "405", "405", &["this URL takes no POST"]),
        stop("415", "415", "415", &["does not take Remote-Write 1.0 messages"]).checks("off").stops(),
        stop(
            "301",
            "301:location=http://elsewhere.example/",
            "301",
            &["redirects are never followed", "it points to http://elsewhere.example/"],
        ),
        stop("301", "301", "301", &["redirects are never followed"]).on_exhausted_discard().stops(),
        row("TLS error: a certificate of an unknown CA")
            .input(20, 1, 20)
            .at(Place::UnknownCa)
            .attempts(1, 1)
            .ledger("pending 20")
            .fails()
            .says(&["ERROR", "check the CA file"]),
        row("TLS error: a certificate of an unknown CA")
            .input(20, 1, 20)
            .at(Place::UnknownCa)
            .checks("off")
            .on_exhausted_discard()
            .stops()
            .attempts(1, 1)
            .ledger("pending 20")
            .fails()
            .says(&["check the CA file"]),
        row("TLS, a certificate of the CA file").at(Place::TrustedHttps),
    ]
}
