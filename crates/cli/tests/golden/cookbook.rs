//! The page of the cookbook, written from its cases.

use std::fmt::Write as _;
use std::fs;

use narthex_testkit::generated::check_file;

use crate::case::{cases_in, name};

/// Where its cases are.
pub(crate) const FOLDER: &str = "docs/cookbook";

const HEAD: &str = "# Cookbook

What people do to events before Prometheus gets them, each as a whole job file. A real Flink 2.2 ran every one of them over \
its input, and this binary writes the same rows: a test sees to it. They write JSON files, so that you can look at what comes; \
a table `WITH ('connector' = 'prometheus', …)` in place of `o` sends it ([SQL in the binary](sql.md)). Replace `${CASE}` by the \
folder of the case to try one.
";

#[test]
fn the_page_shows_each_job() {
    let mut page = HEAD.to_owned();
    for case in cases_in(FOLDER) {
        let read = |file: &str| fs::read_to_string(case.join(file)).unwrap();
        let about = read("about.txt");
        let job = read("job.sql");
        let statements: Vec<&str> =
            job.split_inclusive(";\n").filter(|statement| !statement.contains("CREATE TABLE")).collect();
        let statements = statements.concat();
        let (number, title) = (&name(&case)[..2], name(&case)[3..].replace('-', " "));
        let number = number.trim_start_matches('0');
        let file = format!("cookbook/{}/job.sql", name(&case));
        write!(
            page,
            "\n## {number}. {title}\n\n{}\n\n```sql\n{}\n```\n\nWhole: [{file}]({file})\n",
            about.trim(),
            statements.trim()
        )
        .unwrap();
    }
    check_file("docs/cookbook.md", &page);
}
