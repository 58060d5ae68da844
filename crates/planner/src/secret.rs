//! Which options hold secrets, and how their values are shown.

/// What stands for a secret.
const STARS: &str = "******";

/// Whether the value of an option, or of a key of SET, must not be shown: Flink's own rule, and what the sink calls
/// secret. A key that is misspelled holds one too.
pub fn is_secret(key: &str) -> bool {
    const WORDS: [&str; 8] = [
        "password",
        "secret",
        "token",
        "apikey",
        "api-key",
        "auth-params",
        "service-key",
        "fs.azure.account.key",
    ];
    let key = key.trim().to_lowercase();
    if key.ends_with("-file") {
        return false;
    }
    let is_of_sink = key.starts_with("sink.header") || key.starts_with("sink.auth.");
    is_of_sink && key != "sink.auth.username" || WORDS.iter().any(|word| key.contains(word))
}

/// The value of an option as it may be shown.
pub(crate) fn shown(key: &str, value: &str) -> String {
    if is_secret(key) { STARS.to_owned() } else { without_credentials(value) }
}

/// An address without what stands before its host, and behind its `?`: both may hold secrets.
fn without_credentials(value: &str) -> String {
    let Some((scheme, rest)) = value.split_once("://") else { return value.to_owned() };
    let rest = match rest.rsplit_once('@') {
        Some((_, host)) => format!("{STARS}@{host}"),
        None => rest.to_owned(),
    };
    match rest.split_once('?') {
        Some((before, _)) => format!("{scheme}://{before}?{STARS}"),
        None => format!("{scheme}://{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_stars_and_everything_else_is_shown() {
        for (key, value, expected) in [
            ("sink.auth.password", "x", "******"),
            ("sink.auth.pasword", "x", "******"),
            ("sink.auth.password-file", "/x", "/x"),
            ("sink.auth.username", "me", "me"),
            ("sink.headers.X-Key", "x", "******"),
            ("aws.secret", "x", "******"),
            ("path", "/a?b@c", "/a?b@c"),
            ("metric.endpoint-url", "http://h:1/w", "http://h:1/w"),
            ("metric.endpoint-url", "http://me:x@h/w", "http://******@h/w"),
            ("metric.endpoint-url", "http://h/w?token=x", "http://h/w?******"),
            ("metric.endpoint-url", "http://me:p/x?y@h/w", "http://******@h/w"),
        ] {
            assert_eq!(shown(key, value), expected, "{key} = {value}");
        }
    }
}
