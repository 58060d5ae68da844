//! Which format of metrics a scraper wants, and Prometheus' older text format, made of OpenMetrics.

/// What is served without being asked for anything else, as other programs do.
pub(crate) const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
pub(crate) const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Whether an `Accept` header likes OpenMetrics at least as well as text.
pub(crate) fn wants_openmetrics(accept: Option<&str>) -> bool {
    let Some(accept) = accept else { return false };
    let best = |wanted: &str| {
        let ranges = accept.split(',').filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let is_it = parts.next()?.eq_ignore_ascii_case(wanted);
            let quality =
                parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse::<f64>().ok());
            is_it.then_some(quality?)
        });
        ranges.fold(0.0_f64, f64::max)
    };
    let openmetrics = best("application/openmetrics-text");
    openmetrics > 0.0 && openmetrics >= best("text/plain")
}

/// The same metrics in text: counters and infos are called there as their lines are, and there are no units.
pub(crate) fn text_of(openmetrics: &str) -> String {
    let mut text = String::with_capacity(openmetrics.len());
    let mut help: Option<(&str, &str)> = None;
    for line in openmetrics.lines() {
        let Some(comment) = line.strip_prefix("# ") else {
            text.push_str(line);
            text.push('\n');
            continue;
        };
        let mut words = comment.splitn(3, ' ');
        let (word, name, rest) =
            (words.next(), words.next().unwrap_or_default(), words.next().unwrap_or_default());
        match word {
            Some("HELP") => help = Some((name, rest)),
            Some("TYPE") => {
                let (suffix, kind) = match rest {
                    "counter" => ("_total", rest),
                    "info" => ("_info", "gauge"),
                    "unknown" => ("", "untyped"),
                    _ => ("", rest),
                };
                if let Some((_, help)) = help.take().filter(|(of, _)| *of == name) {
                    text.push_str(&format!("# HELP {name}{suffix} {help}\n"));
                }
                text.push_str(&format!("# TYPE {name}{suffix} {kind}\n"));
            }
            // UNIT and EOF
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prometheus_gets_openmetrics_and_a_person_text() {
        let prometheus = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
                          application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;q=0.3,*/*;q=0.1";
        for (accept, expected) in [
            (Some(prometheus), true),
            (Some("application/openmetrics-text"), true),
            (Some("text/plain;q=0.9, application/openmetrics-text;q=0.5"), false),
            (Some("application/openmetrics-text;q=0"), false),
            (Some("text/html,*/*;q=0.8"), false),
            (Some("*/*"), false),
            (None, false),
        ] {
            assert_eq!(wants_openmetrics(accept), expected, "{accept:?}");
        }
    }

    #[test]
    fn text_has_the_names_of_its_lines() {
        let openmetrics = "# HELP a Things.\n# TYPE a counter\n# UNIT a bytes\na_total 1\n# HELP b Of it.\n# TYPE b info\n\
                           b_info{v=\"# x\"} 1\n# TYPE c histogram\nc_bucket{le=\"1.0\"} 2\n# EOF\n";
        let text = "# HELP a_total Things.\n# TYPE a_total counter\na_total 1\n# HELP b_info Of it.\n# TYPE b_info gauge\n\
                    b_info{v=\"# x\"} 1\n# TYPE c histogram\nc_bucket{le=\"1.0\"} 2\n";
        assert_eq!(text_of(openmetrics), text);
    }
}
