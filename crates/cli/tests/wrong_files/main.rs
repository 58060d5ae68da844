//! Wrong job files (tests/sql/wrong): `narthex check` tells all mistakes of each in one run, with line, column, a caret
//! and what to do, exits with 64 and never panics. What it says stands beside each file; `NARTHEX_UPDATE=1` writes it
//! anew, to be read as a difference.

// Helpers of tests may panic too; clippy.toml allows it only inside the tests themselves.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn files() -> Vec<PathBuf> {
    let folder = Path::new("../../tests/sql/wrong");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "sql"));
    files.sort();
    files
}

/// Exit code and standard error of a command on a file, which is named without its folder.
fn said(command: &str, file: &Path) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_narthex"))
        .current_dir(file.parent().unwrap())
        .args([command, &file.file_name().unwrap().to_string_lossy()])
        .output()
        .unwrap();
    assert!(output.stdout.is_empty(), "{}: {}", file.display(), String::from_utf8_lossy(&output.stdout));
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn each_file_is_told_all_of_its_mistakes_in_one_run() {
    let mut differences = Vec::new();
    let files = files();
    assert!(files.len() >= 110, "{} files", files.len());
    for file in files {
        let (code, said) = said("check", &file);
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        assert_eq!(code, Some(64), "{name}: {said}");
        let places = said.lines().filter(|line| line.starts_with(&format!("{name}:"))).count();
        let carets =
            said.lines().filter(|line| line.trim_start().starts_with("| ") && line.contains('^')).count();
        assert!(places > 0 && places == carets, "{name}: {places} places, {carets} carets\n{said}");
        let expected = file.with_extension("txt");
        if std::env::var_os("NARTHEX_UPDATE").is_some() {
            fs::write(&expected, &said).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != said {
            differences.push(format!("{name} says\n{said}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn a_wrong_file_is_not_run() {
    for file in files() {
        let (code, said) = said("run", &file);
        assert_eq!(code, Some(64), "{}: {said}", file.display());
    }
}
