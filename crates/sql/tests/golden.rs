//! Every job of the golden cases is read; those with broken syntax are told where they break.

use std::fs;
use std::path::Path;

#[test]
fn every_golden_job_is_read() {
    let cases = Path::new("../../tests/flink/golden/cases");
    let mut all: Vec<_> = fs::read_dir(cases).unwrap().map(|case| case.unwrap().path()).collect();
    all.sort();
    assert!(all.len() >= 120, "{} cases in {}", all.len(), cases.display());
    let mut faults = Vec::new();
    for case in all {
        let text = fs::read_to_string(case.join("job.sql")).unwrap();
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        for mistake in narthex_sql::parse(&text).mistakes {
            faults.push(format!("{name}:{mistake}"));
        }
    }
    assert_eq!(
        faults,
        [
            "207-err-syntax-eof:23:40: expected an expression, found the end of the statement",
            "235-err-unknown-type:5:5: there is no type FLOAT64; did you mean FLOAT?",
        ]
    );
}
