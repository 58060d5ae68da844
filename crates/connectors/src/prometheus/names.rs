//! Which names labels and metrics may have: the rules of `sink.name-validation`.

/// Lists of columns as they are typed: `a;b`, Flink's own form, or `[a,b]`. Names may be in quotation marks.
pub(crate) fn column_names(text: &str) -> Vec<&str> {
    let list = text.trim();
    let bracketed = list.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let separators: &[char] = if bracketed.is_some() { &[',', ';'] } else { &[';'] };
    let names = bracketed.unwrap_or(list).split(separators);
    names.map(|name| unquoted(name.trim())).filter(|name| !name.is_empty()).collect()
}

fn unquoted(name: &str) -> &str {
    let inside = |mark: char| name.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark));
    ['\'', '"', '`'].into_iter().find_map(inside).unwrap_or(name)
}

/// `legacy` or `utf8`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NameRules {
    pub(crate) is_utf8: bool,
}

impl NameRules {
    /// What is wrong with a column's name as the name of a label.
    pub(crate) fn problem_with_label(self, column: &str) -> Option<String> {
        if column.starts_with("__") {
            let or = if column == "__name__" { ", or name it by metric.name" } else { "" };
            return Some(format!(
                "the column {column:?} cannot be a label: names that begin with __ belong to Prometheus; rename the \
                 column{or}"
            ));
        }
        if self.is_utf8 || is_name(column, false) {
            return None;
        }
        Some(format!(
            "the column {column:?} cannot be a label: a label's name has letters, digits and _ only, and no digit \
             first; rename it, for example to {:?}{}",
            good_name(column),
            Self::ALLOWED_IN_UTF8
        ))
    }

    /// What is wrong with a metric's name.
    pub(crate) fn problem_with_metric(self, name: &str) -> Option<String> {
        if name.trim().is_empty() {
            return Some("is empty".to_owned());
        }
        if self.is_utf8 || is_name(name, true) {
            return None;
        }
        Some(format!(
            "{name:?} is no name of a metric: it has letters, digits, _ and : only, and no digit first; write for \
             example {:?}{}",
            good_name(name),
            Self::ALLOWED_IN_UTF8
        ))
    }

    const ALLOWED_IN_UTF8: &str =
        ", or set 'sink.name-validation' = 'utf8' where the receiver is a Prometheus 3";
}

fn is_name(name: &str, is_metric: bool) -> bool {
    let is_good = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_' || (is_metric && byte == b':');
    let mut bytes = name.bytes();
    bytes.next().is_some_and(is_good) && bytes.all(|byte| is_good(byte) || byte.is_ascii_digit())
}

fn good_name(name: &str) -> String {
    let good: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let needs_more = good.chars().next().is_none_or(|first| first.is_ascii_digit());
    if needs_more { format!("_{good}") } else { good }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_in_both_forms() {
        for text in ["a;b", "[a,b]", "[ 'a', \"b\" ]", " a ; b ;", "[`a`;b]"] {
            assert_eq!(column_names(text), ["a", "b"], "{text}");
        }
        for text in ["", "[]", " ; "] {
            assert_eq!(column_names(text), [""; 0], "{text}");
        }
        assert_eq!(column_names("a,b"), ["a,b"]);
    }

    #[test]
    fn names_are_those_of_remote_write_1() {
        let legacy = NameRules { is_utf8: false };
        assert_eq!(legacy.problem_with_label("plant_1"), None);
        assert!(legacy.problem_with_label("1-x").unwrap().contains("to \"_1_x\", or set"));
        assert!(legacy.problem_with_label("a:b").is_some());
        assert!(legacy.problem_with_label("__name__").unwrap().ends_with("or name it by metric.name"));
        assert_eq!(legacy.problem_with_metric("job:rate5m"), None);
        assert!(legacy.problem_with_metric("a-b").unwrap().starts_with("\"a-b\" is no name of a metric"));
        assert_eq!(legacy.problem_with_metric(" ").unwrap(), "is empty");
        let utf8 = NameRules { is_utf8: true };
        assert_eq!(utf8.problem_with_label("straße"), None);
        assert!(utf8.problem_with_label("__x").is_some());
    }
}
