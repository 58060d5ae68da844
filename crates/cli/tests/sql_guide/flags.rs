//! The flags of `narthex run` and `narthex check` against docs/sql.md.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

fn flags_of(command: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_narthex")).args([command, "--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let flags = help.lines().filter_map(|line| line.trim_start().strip_prefix("--"));
    let flags = flags.filter_map(|line| line.split(' ').next().map(|flag| format!("--{flag}")));
    let flags: BTreeSet<String> = flags.collect();
    assert!(flags.len() >= 2, "{help}");
    flags
}

#[test]
fn the_page_tells_every_flag_and_no_other() {
    let path = Path::new("../../docs/sql.md");
    let page = std::fs::read_to_string(path).unwrap();
    let told: BTreeSet<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `--"))
        .filter_map(|line| line.split([' ', '`']).next().map(|flag| format!("--{flag}")))
        .collect();
    let all: BTreeSet<String> = flags_of("run").into_iter().chain(flags_of("check")).collect();
    assert_eq!(told, all);
}
