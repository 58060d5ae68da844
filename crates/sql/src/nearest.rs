//! The nearest of several names, for "did you mean".

/// The name that takes the fewest changes, if they are few enough to be a slip; case alone is the smallest slip.
///
/// ```
/// assert_eq!(narthex_sql::nearest("TIMESTMP", ["TIME", "TIMESTAMP"]), Some("TIMESTAMP"));
/// assert_eq!(narthex_sql::nearest("colour", ["path", "format"]), None);
/// ```
pub fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let distances = names.into_iter().map(|other| (distance(&lower, &other.to_lowercase()), other));
    let (distance, nearest) = distances.min_by_key(|&(distance, _)| distance)?;
    (distance <= 1 + name.chars().count() / 4).then_some(nearest)
}

/// Insertions, deletions, replacements and swaps of neighbours that make one of the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before[j - 2] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_found_and_a_guess_is_not_made() {
        let names = ["connector", "path", "format"];
        assert_eq!(nearest("conector", names), Some("connector"));
        assert_eq!(nearest("PATH", names), Some("path"));
        assert_eq!(nearest("foramt", names), Some("format"));
        assert_eq!(nearest("topic", names), None);
        assert_eq!(nearest("", names), None);
        assert_eq!(nearest("x", []), None);
    }

    #[test]
    fn distances_count_single_changes() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abcd", "abdc"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
