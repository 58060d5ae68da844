//! The job files of the benchmarks, which no other test runs, are without mistakes.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::process::{narthex, run};

fn job_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let files = files.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "sql"));
    files.chain(folders.iter().flat_map(|folder| job_files(folder))).collect()
}

#[tokio::test]
async fn every_job_file_of_the_benchmarks_is_planned() {
    let files = job_files(Path::new("../../bench/sql"));
    assert!(files.len() >= 10, "{files:?}");
    let folder = tempfile::tempdir().expect("a folder");
    for file in files {
        let text = fs::read_to_string(&file).expect("a job file");
        let text = text.replace("${EVENTS}", "events.json").replace("${SINK}", "'connector' = 'blackhole'");
        let job = folder.path().join("job.sql");
        fs::write(&job, text).expect("a job file");
        let ended = run(narthex(["check".as_ref(), job.as_os_str()]), "").await;
        assert_eq!(ended.code, Some(0), "{}: {}", file.display(), ended.stderr);
    }
}
