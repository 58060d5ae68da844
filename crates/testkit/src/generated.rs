//! Pages that are written from code: compared by a plain test run, rewritten with `NARTHEX_UPDATE=1`.

#![allow(clippy::unwrap_used, clippy::panic)] // it is a test's

use std::path::PathBuf;

/// Compares the part of `page` that `writer`, the file of a test as `file!()` names it, has between marks with `text`,
/// or rewrites it.
///
/// # Panics
/// When they differ, or the page has no such part.
pub fn check_part(writer: &str, page: &str, text: &str) {
    const END: &str = "<!-- to here -->";
    let mark = format!("<!-- written by a test from here: {writer}, NARTHEX_UPDATE=1 -->\n");
    let path = root().join(page);
    let whole = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("cannot read {page}: {error}"));
    let begin = whole.find(&mark).unwrap_or_else(|| panic!("{page} has no mark {mark:?}")) + mark.len();
    let end = begin + whole[begin..].find(END).unwrap_or_else(|| panic!("{page} has no mark {END:?}"));
    check_file(page, &format!("{}{text}{}", &whole[..begin], &whole[end..]));
}

/// Compares a whole file with `text`, or rewrites it.
///
/// # Panics
/// When they differ.
pub fn check_file(file: &str, text: &str) {
    let path = root().join(file);
    if std::env::var_os("NARTHEX_UPDATE").is_some_and(|value| value == "1") {
        std::fs::write(&path, text).unwrap();
        return;
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    if let Some((want, have)) = text.lines().zip(found.lines()).find(|(want, have)| want != have) {
        panic!(
            "{file} is not what the code says; run again with NARTHEX_UPDATE=1\ncode: {want}\nfile: {have}"
        );
    }
    assert!(
        found == text,
        "{file} is shorter or longer than what the code says; run again with NARTHEX_UPDATE=1"
    );
}

/// A Markdown table.
pub fn table<const N: usize>(head: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> String {
    let line =
        |cells: [String; N]| format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | "));
    let mut out = line(head.map(str::to_owned)) + &line([(); N].map(|()| "---".to_owned()));
    rows.into_iter().for_each(|row| out += &line(row));
    out
}

/// Code in a cell; nothing where there is none.
pub fn code(text: &str) -> String {
    match text {
        "" => String::new(),
        // A back quote inside needs two around.
        text if text.contains('`') => format!("`` {text} ``"),
        text => format!("`{text}`"),
    }
}

/// Tests run in the folder of their package. The path of the checkout is not compiled in: another checkout with the same
/// target folder would find what was built here up to date.
fn root() -> PathBuf {
    PathBuf::from("../..")
}
