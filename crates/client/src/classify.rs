//! What an answer means: one screen, no state.
//!
//! Source of each line: Remote-Write 1.0 ("Retries & Backoff"), and how receivers were measured to answer.
//! The body plays no part in it (Remote-Write 1.0: MUST NOT be interpreted).

use http::StatusCode;

/// What a status means for the request that got it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// 2xx: the receiver took the request.
    Accepted,
    /// 400, 409, 422: something in the data is bad; parts of the request may be good.
    RefusedData,
    /// 413: the request is too large; a smaller one may pass.
    TooLarge,
    /// Any other 4xx: the request is refused whole and never retried.
    RefusedRequest,
    /// 429 and 5xx: try again later.
    TryAgain,
    /// 401, 403, 404, 405, 415, redirects and everything unknown: the receiver is not what the
    /// configuration says. No retry, no loss: the sink stops.
    Stop,
}

/// What `status` means.
pub fn classify(status: StatusCode) -> Verdict {
    match status.as_u16() {
        200..=299 => Verdict::Accepted,
        400 | 409 | 422 => Verdict::RefusedData,
        413 => Verdict::TooLarge,
        429 | 500..=599 => Verdict::TryAgain,
        401 | 403 | 404 | 405 | 415 => Verdict::Stop,
        402..=499 => Verdict::RefusedRequest,
        _ => Verdict::Stop,
    }
}

/// Whether a receiver that gave this answer may hold the request all the same: gateways say these when the
/// server behind them did not answer them, whatever it did with the request.
pub fn leaves_outcome_unknown(status: StatusCode) -> bool {
    matches!(status.as_u16(), 502..=504 | 520..=527)
}

/// What to check when a status stops the sink.
pub fn advice(status: StatusCode) -> &'static str {
    match status.as_u16() {
        300..=399 => "redirects are never followed (they turn a POST into a GET): write the final URL",
        401 => "check user name, password or token",
        403 => "check that these credentials may write, and the tenant or workspace in the URL",
        404 => {
            "check the URL's path; Prometheus needs --web.enable-remote-write-receiver and /api/v1/write, \
             Mimir /api/v1/push, Thanos /api/v1/receive"
        }
        405 => "this URL takes no POST: check its path",
        415 => "the receiver does not take Remote-Write 1.0 messages: check its accepted protobuf messages",
        _ => "this is no answer of a Remote-Write receiver: check the URL and what stands in between",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_one_meaning() {
        for (statuses, verdict) in [
            (&[200u16, 202, 204][..], Verdict::Accepted),
            (&[400, 409, 422], Verdict::RefusedData),
            (&[413], Verdict::TooLarge),
            (&[402, 406, 408, 410, 418, 425, 431, 451, 499], Verdict::RefusedRequest),
            (&[429, 500, 501, 502, 503, 504, 529, 599], Verdict::TryAgain),
            (&[101, 301, 302, 303, 304, 307, 308, 401, 403, 404, 405, 415, 600], Verdict::Stop),
        ] {
            for &status in statuses {
                assert_eq!(classify(StatusCode::from_u16(status).unwrap()), verdict, "{status}");
            }
        }
    }
}
