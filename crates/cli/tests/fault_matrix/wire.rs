//! What went over the wire, in one short line.

/// A request: the status that went out (none: no answer) and its `Retry-Attempt`.
pub(crate) type Request = (Option<u16>, u32);

/// `204`, `503@2` for a second retry, `-` without an answer; `204x3` for three first attempts in a row,
/// `503@0..4` for an attempt and its four retries.
pub(crate) fn notation(requests: &[Request]) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut at = 0;
    while at < requests.len() {
        let (status, attempt) = requests[at];
        let name = status.map_or("-".to_owned(), |status| status.to_string());
        let firsts = requests[at..].iter().take_while(|&&next| next == (status, 0)).count();
        let is_success = status.is_some_and(|status| status < 300);
        let row =
            requests[at..].iter().zip(attempt..).take_while(|&(&next, nth)| next == (status, nth)).count();
        let row = if is_success { 1 } else { row };
        let (word, used) = match (firsts, row) {
            (0 | 1, 1) if attempt == 0 => (name, 1),
            (_, 1) if firsts == 0 => (format!("{name}@{attempt}"), 1),
            (2.., _) => (format!("{name}x{firsts}"), firsts),
            _ => (format!("{name}@{attempt}..{}", attempt as usize + row - 1), row),
        };
        words.push(word);
        at += used;
    }
    words.join(" ")
}

#[test]
fn retries_and_repetitions_are_short() {
    let log = [
        (Some(503), 0),
        (Some(503), 1),
        (None, 2),
        (Some(204), 3),
        (Some(204), 0),
        (Some(204), 0),
        (Some(204), 1),
        (None, 0),
    ];
    assert_eq!(notation(&log), "503@0..1 -@2 204@3 204x2 204@1 -");
}
