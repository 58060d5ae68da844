//! Whatever the text, reading it and showing its mistakes never panics, and each mistake has its place in it.

// Helpers of tests may panic too; clippy.toml allows it only inside the tests themselves.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use narthex_sql::{Source, parse};
use proptest::prelude::*;

fn check(text: &str) {
    let script = parse(text);
    let source = Source { name: "job.sql", text };
    for mistake in &script.mistakes {
        let shown = source.show(mistake);
        assert!(shown.starts_with("job.sql:") && shown.contains('^'), "{shown}");
        assert!(mistake.span.start.line as usize <= text.lines().count().max(1), "{shown}");
    }
}

fn golden() -> Vec<String> {
    let cases = Path::new("../../tests/flink/golden/cases");
    let jobs = std::fs::read_dir(cases).unwrap().map(|case| case.unwrap().path().join("job.sql"));
    jobs.map(|job| std::fs::read_to_string(job).unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_text(text in "(?s).{0,200}") {
        check(&text);
    }

    #[test]
    fn a_job_with_a_hole_or_something_too_much(
        case in 0..golden().len(),
        from in 0.0..1.0,
        length in 0..40usize,
        put in prop::sample::select(vec![
            "", ";", "(", ")", "'", "`", "<", ">>", ",", "/*", "/*+", "--", "CREATE", "SELECT", "AS", "ROW<", "\"", "😀", "\n",
        ]),
    ) {
        let characters: Vec<char> = golden()[case].chars().collect();
        let from = (from * characters.len() as f64) as usize;
        let to = (from + length).min(characters.len());
        let text: String = characters[..from].iter().copied().chain(put.chars()).chain(characters[to..].iter().copied()).collect();
        check(&text);
    }
}

#[test]
fn deep_nesting_is_a_mistake_and_no_overflow() {
    for text in [
        format!("SELECT {}1", "(".repeat(20_000)),
        format!("SELECT {}1", "NOT ".repeat(20_000)),
        format!("SELECT {}1{}", "CAST(".repeat(5_000), " AS INT)".repeat(5_000)),
        format!("CREATE TABLE t (a {}", "ARRAY<".repeat(20_000)),
        format!("{}SELECT 1", "EXPLAIN ".repeat(20_000)),
        format!("SELECT {}", "MAP[".repeat(20_000)),
        format!("SELECT {}", "JSON_VALUE(".repeat(20_000)),
    ] {
        check(&text);
        assert!(!parse(&text).mistakes.is_empty());
    }
}

/// Far more than any of these texts takes (milliseconds), and far less than what grows with the square of its length.
const LONGEST_SECONDS: u64 = 20;

#[test]
#[allow(clippy::disallowed_types)]
fn sixty_four_kib_of_anything_are_read_in_a_moment() {
    for piece in [
        "(",
        "1+",
        "NOT ",
        "(,;'x' ``",
        "CREATE TABLE t (a INT,",
        ",",
        "CASE WHEN ",
        "SELECT * FROM (",
        " JOIN t ON a = b",
        "a.",
        "ROW<a ",
        "a BETWEEN SYMMETRIC 1 AND ",
        "INTERVAL ",
        "!=",
        "/*+ OPTIONS('a'='b') */",
        "INSERT INTO t SELECT 1\n",
        "((SELECT 1) UNION ALL (",
        "`a`",
        "'a'\n",
        "1 = ANY (",
        "JSON_OBJECT('a' : ",
        "CAST(",
        "TRIM(",
        "U&'\\00e4'",
        "TABLE ",
        "EXPLAIN ",
        "WITH a AS (",
        "[",
        "a[1]",
        "SELECT a, ",
        "'a' = 'b',",
        "CREATE TABLE t (",
        "//",
        "\u{feff}",
        "x IS NULL ",
        "f(",
        "f(a, ",
        "POSITION(a IN ",
        "DATE '",
        "{",
        "a -> ",
        "$$",
        "@",
        "SELECT (a, ",
        "FROM t, ",
        "e'",
        "-- ",
        "/* ",
    ] {
        for before in ["", "SELECT ", "INSERT INTO t SELECT a FROM ", "CREATE TABLE t (a "] {
            let text = format!("{before}{}", piece.repeat(65_536 / piece.len()));
            let begin = std::time::Instant::now();
            let _ = parse(&text);
            let seconds = begin.elapsed().as_secs();
            assert!(seconds < LONGEST_SECONDS, "{before}{piece}… takes {seconds} s");
        }
    }
}
