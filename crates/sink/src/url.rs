//! The receiver's URL: user info taken out, and how it may be shown.

/// A URL as logs and errors may show it: without user info and without the query, which may hold a token.
///
/// ```
/// use narthex_sink::shown_url;
///
/// let url = "https://me:secret@prom.example/api/v1/write?token=secret";
/// assert_eq!(shown_url(url), "https://prom.example/api/v1/write?…");
/// ```
pub fn shown_url(url: &str) -> String {
    // What stands before an @ may be a password, also where no scheme or a slash keeps it from being cut out.
    let (scheme, rest) =
        url.split_once("://").map_or(("", url), |(_, rest)| (&url[..url.len() - rest.len()], rest));
    let scheme = if scheme.contains('@') { "" } else { scheme };
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    match rest.find(['?', '#']) {
        Some(end) => format!("{scheme}{}{}…", &rest[..end], &rest[end..=end]),
        None => format!("{scheme}{rest}"),
    }
}

/// Cuts `user:password@` out of a URL.
pub(crate) fn split_user_info(url: &str) -> (String, Option<(String, String)>) {
    let Some((scheme, rest)) = url.split_once("://") else { return (url.to_owned(), None) };
    let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let Some(at) = rest[..authority_end].rfind('@') else { return (url.to_owned(), None) };
    let (username, password) = rest[..at].split_once(':').unwrap_or((&rest[..at], ""));
    (format!("{scheme}://{}", &rest[at + 1..]), Some((percent_decoded(username), percent_decoded(password))))
}

/// A port that no socket has; the URL's grammar takes any digits.
pub(crate) fn port_problem(uri: &http::Uri) -> Option<String> {
    let port = uri.authority()?.as_str().rsplit_once(':').filter(|(_, port)| !port.ends_with(']'))?.1;
    let is_good = port.is_empty() || port.parse::<u16>().is_ok_and(|port| port > 0);
    if is_good {
        return None;
    }
    // An @ further on: the "port" is the begin of a password with a slash in it.
    if uri.path_and_query().is_some_and(|rest| rest.as_str().contains('@')) {
        return Some(
            "has an @ behind a / of the user info; in a user name or password write / as %2F, # as %23, ? as %3F, @ as %40"
                .to_owned(),
        );
    }
    Some(format!("{port:?} is no port; allowed are 1 to 65535"))
}

fn percent_decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| byte == b'%') {
            Some(decoded) => {
                out.push(decoded);
                rest = &tail[2..];
            }
            None => {
                out.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_is_shown() {
        for url in [
            "http://user:SECRET@host/write",
            "http://user:SECRET/x@host/write",
            "http://user:SECRET#x@host/write",
            "http://host/write?token=SECRET",
            "http://host/write?a=b&token=SECRET#c",
            "http://host/write#SECRET",
            "http://[::1/x?SECRET",
            "user:SECRET@host/write",
            "http://u:SECRET@x@host/write",
            "SECRET@http://host",
        ] {
            assert!(!shown_url(url).contains("SECRET"), "{url}: {}", shown_url(url));
        }
        assert_eq!(shown_url("http://host:9090/api/v1/write"), "http://host:9090/api/v1/write");
    }

    #[test]
    fn a_slash_in_a_password_is_named_and_not_shown() {
        let problem = port_problem(&"http://user:SECRET11/x@127.0.0.1:80/write".parse().unwrap()).unwrap();
        assert!(problem.contains("%2F") && !problem.contains("SECRET11"), "{problem}");
        assert!(port_problem(&"http://host:99999/x".parse().unwrap()).is_some());
        assert!(port_problem(&"http://[::1]/x".parse().unwrap()).is_none());
    }
}
