//! What a table's path means: standard input, a file or a folder, or a pattern.

use std::path::{Path, PathBuf};

use crate::filesystem::glob::{Glob, is_pattern};

/// Where files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// `-`.
    Stdin,
    /// A file or a folder.
    Local(PathBuf),
    /// Everything below a folder that matches.
    Pattern { folder: PathBuf, glob: Glob },
}

impl Place {
    /// Reads a path or a `file:` URI.
    ///
    /// # Errors
    /// When it is empty, on another machine, or a pattern that is none.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text == "-" {
            return Ok(Self::Stdin);
        }
        let path = local_path(text)?;
        if !is_pattern(&path) || Path::new(&path).exists() {
            return Ok(Self::Local(path.into()));
        }
        let parts: Vec<_> = path.split('/').collect();
        let plain = parts.iter().position(|part| is_pattern(part)).unwrap_or(parts.len());
        let (folder, pattern) = parts.split_at(plain);
        let folder = match folder.join("/").as_str() {
            "" if path.starts_with('/') => PathBuf::from("/"),
            "" => PathBuf::from("."),
            folder => PathBuf::from(folder),
        };
        Ok(Self::Pattern { folder, glob: Glob::parse(&pattern.join("/"))? })
    }

    /// The file, or the folder that is listed.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::Stdin => None,
            Self::Local(path) => Some(path),
            Self::Pattern { folder, .. } => Some(folder),
        }
    }
}

/// The path of a `file:` URI, or the path itself.
fn local_path(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err(
            "is empty; name a file, a folder, a pattern such as /data/*.json, or - for standard input".into(),
        );
    }
    let Some((scheme, rest)) = text.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) else {
        return Ok(text.to_owned());
    };
    if !scheme.eq_ignore_ascii_case("file") {
        // What follows may hold credentials.
        return Err(format!(
            "{scheme}:… is not on this machine; only paths and file:// are read and written"
        ));
    }
    match rest.strip_prefix("//") {
        Some(rest) if rest.starts_with('/') => Ok(rest.to_owned()),
        Some(rest) => match rest.strip_prefix("localhost/") {
            Some(path) => Ok(format!("/{path}")),
            None => Err(format!("{text:?} names another machine; write file:///{rest}, or the path alone")),
        },
        None => Ok(rest.to_owned()),
    }
}

/// A scheme has two letters or more and no slash; a file of such a name is written with `./` before it.
fn is_scheme(text: &str) -> bool {
    text.len() > 1
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_uris_and_patterns_are_told_apart() {
        for (text, expected) in [
            ("/data/in", "/data/in"),
            ("data", "data"),
            ("file:///data/in", "/data/in"),
            ("file:/data/in", "/data/in"),
            ("file://localhost/data", "/data"),
            ("./a:b", "./a:b"),
        ] {
            assert_eq!(Place::parse(text), Ok(Place::Local(expected.into())), "{text}");
        }
        assert_eq!(Place::parse("-"), Ok(Place::Stdin));
        for (text, expected) in [
            ("/data/x*/[ab].json", "/data"),
            ("*.json", "."),
            ("/*", "/"),
            ("a/b/**/c", "a/b"),
            ("file:///d/?", "/d"),
        ] {
            let Ok(Place::Pattern { folder, .. }) = Place::parse(text) else { panic!("{text}") };
            assert_eq!(folder, PathBuf::from(expected), "{text}");
        }
        for text in ["", " ", "s3://key:secret@bucket/x", "file://host/x", "/data/[a"] {
            let problem = Place::parse(text).unwrap_err();
            assert!(!problem.contains("secret"), "{problem}");
        }
    }
}
