//! An answer that gets lost after the commit: nothing counts as lost; and a request that gets lost before it:
//! nothing that was not stored counts as replayed.

use narthex_testkit::prometheus::{Version, prometheus_or_skip};

use crate::bench::{Run, print, sorted};
use crate::isolation::{Request, SHAPES, flags};
use crate::support::proxy::{Act, Proxy};

/// With checks full the series' first samples go ahead in a request of their own, so either may be struck.
const CASES: [(&str, &[Act]); 5] = [
    ("off", &[Act::LoseAnswer]),
    ("off", &[Act::AnswerAfter(503)]),
    ("full", &[Act::LoseAnswer]),
    ("full", &[Act::AnswerAfter(503)]),
    ("full", &[Act::Pass, Act::LoseAnswer]),
];

#[tokio::test]
#[ignore = "real server: make it"]
async fn an_answer_lost_after_the_commit_loses_no_sample() {
    for version in Version::ALL {
        for shape in SHAPES {
            for (checks, acts) in CASES {
                let Some(server) = prometheus_or_skip(version).await.expect("a server") else { continue };
                let request = Request::new(shape, 0);
                Run::of(&server.write_url(), &[], &request.stored).await;
                let proxy = Proxy::start(&server.base_url(), acts).await;
                let run = Run::of(&proxy.write_url(), &flags(&["--checks", checks]), &request.points).await;
                let (written, replayed) = (run.count("written"), run.count("replayed"));
                assert_eq!(written + replayed, 500, "{}", run.ended.stderr);
                assert_eq!(request.held(&server).await, request.good(), "{version} {shape:?} {checks}");
                let requests = run.count("requests");
                assert!(requests < 80, "{requests} requests");
                print(&format!(
                    "{version}: {acts:?}, {} x {}, checks {checks}: {requests} requests, {written} written, {replayed} replayed, 0 lost",
                    shape.0, shape.1
                ));
            }
        }
    }
}

#[tokio::test]
#[ignore = "real server: make it"]
async fn what_was_refused_and_not_stored_is_never_replayed() {
    for version in Version::ALL {
        for shape in SHAPES {
            for bad in [1, 3, 50] {
                // Lost before it arrived, and refused with the refusal lost: both times nothing was stored.
                for act in [Act::LoseRequest, Act::LoseAnswer] {
                    let Some(server) = prometheus_or_skip(version).await.expect("a server") else { continue };
                    let request = Request::new(shape, bad);
                    Run::of(&server.write_url(), &[], &request.stored).await;
                    let proxy = Proxy::start(&server.base_url(), &[act]).await;
                    let run =
                        Run::of(&proxy.write_url(), &flags(&["--checks", "off"]), &request.points).await;
                    run.assert_ledger(&format!("written {} rejected.bad_request {bad}", 500 - bad));
                    assert_eq!(sorted(run.letters("bad_request")), sorted(request.bad.clone()));
                    assert_eq!(
                        request.held(&server).await,
                        request.good(),
                        "{version} {shape:?} {bad} {act:?}"
                    );
                    print(&format!(
                        "{version}: {act:?}, {} x {}, {bad} bad of 500, checks off: {} requests, 0 replayed",
                        shape.0,
                        shape.1,
                        run.count("requests")
                    ));
                }
            }
        }
    }
}
