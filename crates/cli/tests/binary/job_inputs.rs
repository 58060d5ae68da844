//! What `narthex run` says and does when its input is not there, is no good, or changes while it is read.

use std::io::Write as _;

use crate::support::job::{COPY, Job, rows};
use crate::support::process::{Running, run};

/// A job whose only input is this path.
fn copy_of(path: &str, more: &str) -> String {
    format!(
        "CREATE TABLE i (n INT, s STRING) WITH ('connector' = 'filesystem', 'path' = '{path}', 'format' = 'json'{more});
         INSERT INTO o SELECT n, s FROM i;"
    )
}

#[tokio::test]
async fn what_is_not_there_fails_the_job_and_is_named() {
    for (path, expected) in [
        ("${F}/nothing.json", "cannot read the table i: there is no file and no folder "),
        ("${F}/nothing/x.json", "cannot read the table i: there is no file and no folder "),
        ("${F}/*.nothing", "cannot read the table i: no file matches its path"),
        ("${F}/nothing/*.json", "cannot read the table i: there is no file and no folder "),
        ("${F}/job.sql/x", "Not a directory"),
    ] {
        let job = Job::new().await;
        let ended = job.ran(&copy_of(path, ""), &[]).await;
        assert_eq!(ended.code, Some(1), "{path}: {}", ended.stderr);
        assert!(ended.stderr.contains(expected), "{path}: {}", ended.stderr);
        assert!(job.names("out").is_empty(), "{path}");
    }
}

#[tokio::test]
async fn check_opens_nothing() {
    let job = Job::new().await;
    let file = job.job(&copy_of("${F}/nothing.json", ""));
    let ended = run(crate::support::process::narthex(["check", &file]), "").await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(job.names("out").is_empty());
}

#[tokio::test]
async fn an_empty_file_and_an_empty_folder_are_no_rows() {
    let job = Job::new().await;
    job.file("in.json", "");
    std::fs::create_dir(job.path("folder")).expect("a folder");
    let ended = job.ran(&format!("{COPY}{}", copy_of("${F}/folder", "")), &[]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(job.source("t"), [0, 0, 0, 0]);
    assert_eq!(job.source("2.i"), [0, 0, 0, 0]);
    assert!(job.names("out").is_empty());
}

#[tokio::test]
async fn a_job_file_that_cannot_be_read_or_is_no_text_is_named() {
    let job = Job::new().await;
    let latin = job.file("latin.sql", b"-- gr\xfc\xdfe\nSELECT 1;");
    let folder = job.path("").display().to_string();
    for (file, code, expected) in [
        ("/no/such/job.sql", 1, "narthex: cannot read /no/such/job.sql: No such file or directory"),
        (folder.as_str(), 1, "Is a directory"),
        (latin.as_str(), 64, "the file is not UTF-8 from here on"),
    ] {
        for command in ["run", "check"] {
            let ended = run(crate::support::process::narthex([command, file]), "").await;
            assert_eq!(ended.code, Some(code), "{file}: {}", ended.stderr);
            assert!(ended.stderr.contains(expected), "{file}: {}", ended.stderr);
        }
    }
}

#[tokio::test]
async fn a_job_file_may_begin_with_a_byte_order_mark_and_have_any_line_ends() {
    let job = Job::new().await;
    job.file("in.json", rows(2));
    let sql = std::fs::read_to_string(job.job(COPY)).expect("it was written");
    for text in [
        format!("\u{feff}{sql}"),
        sql.replace('\n', "\r\n"),
        format!("\u{feff}{}", sql.replace('\n', "\r\n")),
    ] {
        let file = job.file("job.sql", text);
        let ended = run(crate::support::process::narthex(job.args(&file, &[])), "").await;
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn records_with_byte_order_marks_carriage_returns_nulls_and_broken_text_are_told_apart() {
    let job = Job::new().await;
    let lines: [&[u8]; 8] = [
        b"\xef\xbb\xbf{\"n\":1,\"s\":\"first\"}\r\n",
        b"{\"n\":2,\"s\":\"crlf\"}\r\n",
        b"\r\n",
        b"\n",
        b"{\"n\":3,\"s\":\"a\x00b\"}\n",
        b"{\"n\":4,\"s\":\"\xff\xfe\"}\n",
        b"\x00\x00\n",
        b"{\"n\":5,\"s\":\"no line end\"}",
    ];
    job.file("in.json", lines.concat());
    let ended = job.ran(COPY, &[]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    // Flink takes a bare control character inside of a text.
    assert_eq!(job.source("t"), [6, 4, 0, 2], "{}", ended.stderr);
    assert_eq!(
        job.written("out"),
        [
            r#"{"n":1,"s":"first"}"#,
            r#"{"n":2,"s":"crlf"}"#,
            r#"{"n":3,"s":"a\u0000b"}"#,
            r#"{"n":5,"s":"no line end"}"#,
        ]
    );
    let letters = job.letters();
    assert_eq!(letters.len(), 2, "{letters:?}");
    assert!(letters.iter().all(|letter| letter["kind"] == "record" && letter["reason"] == "undecodable"));
    let place = format!("{}:6", job.path("in.json").display());
    assert!(letters.iter().any(|letter| letter["source"] == place.as_str()), "{letters:?}");
    assert!(ended.stderr.contains("(2 so far)"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_line_that_is_too_long_costs_itself() {
    let job = Job::new().await;
    let file = std::fs::File::create(job.path("in.json")).expect("a file");
    let mut file = std::io::BufWriter::new(file);
    let part = vec![b'x'; 1 << 20];
    file.write_all(b"{\"n\":1,\"s\":\"before\"}\n{\"n\":2,\"s\":\"").expect("written");
    (0..100).for_each(|_| file.write_all(&part).expect("written"));
    file.write_all(b"\"}\n{\"n\":3,\"s\":\"behind\"}\n").expect("written");
    file.into_inner().expect("written");
    let ended = job.ran(COPY, &[]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(job.source("t"), [3, 2, 0, 1], "{}", ended.stderr);
    assert_eq!(job.written("out"), [r#"{"n":1,"s":"before"}"#, r#"{"n":3,"s":"behind"}"#]);
    let letters = job.letters();
    assert_eq!(letters[0]["message"], "it is longer than 64 mb; does each record end with a line end?");
    assert_eq!(letters[0]["raw"].as_str().map(str::len), Some(64 << 10));
    assert!(ended.stderr.contains("in.json:2: cannot decode a record of t"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_broken_packed_file_fails_the_job_and_is_named() {
    let job = Job::new().await;
    job.file("plain.json", rows(20_000));
    let gzip =
        |line: &str| std::process::Command::new("sh").current_dir(job.path("")).args(["-c", line]).status();
    assert!(gzip("gzip -k plain.json && head -c 2000 plain.json.gz > cut.json.gz").expect("gzip").success());
    job.file("none.json.gz", "no gzip at all");
    for (name, expected) in
        [("cut.json.gz", "it cannot be unpacked: "), ("none.json.gz", "it cannot be unpacked: ")]
    {
        let ended = job.ran(&copy_of(&format!("${{F}}/{name}"), ""), &[]).await;
        assert_eq!(ended.code, Some(1), "{name}: {}", ended.stderr);
        let told = format!("cannot read the table i: {}: ", job.path(name).display());
        assert!(ended.stderr.contains(&told) && ended.stderr.contains(expected), "{name}: {}", ended.stderr);
        assert!(!ended.stderr.contains("panick"), "{}", ended.stderr);
        job.source("i");
    }
    let ended = job.ran(&copy_of("${F}/plain.json.gz", ""), &[]).await;
    assert_eq!((ended.code, job.source("i")), (Some(0), [20_000, 20_000, 0, 0]), "{}", ended.stderr);
}

#[tokio::test]
async fn a_file_that_is_rotated_away_is_waited_for() {
    let job = Job::new().await;
    let log = job.file("log.json", rows(1));
    let sql = copy_of(&log, ", 'source.monitor-interval' = '20 ms'");
    let sql = sql.replace("INSERT INTO o", "INSERT INTO p");
    let mut running = Running::start(job.command(&sql, &[]));
    running.prints("+I[0, x]").await;
    std::fs::rename(&log, job.path("log.1")).expect("renamed");
    running.says("log.json is gone; waiting for it to come back").await;
    std::fs::write(&log, "{\"n\":7,\"s\":\"new\"}\n").expect("written");
    running.prints("+I[7, new]").await;
    running.signal("TERM").await;
    let ended = running.ended_with_input_open().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(job.source("i"), [2, 2, 0, 0], "{}", ended.stderr);
}

#[tokio::test]
async fn a_file_that_is_cut_while_it_is_read_on_is_read_from_its_beginning() {
    let job = Job::new().await;
    let log = job.file("log.json", rows(3));
    let sql =
        copy_of(&log, ", 'source.monitor-interval' = '20 ms'").replace("INSERT INTO o", "INSERT INTO p");
    let mut running = Running::start(job.command(&sql, &[]));
    running.prints("+I[2, x]").await;
    std::fs::write(&log, "{\"n\":7,\"s\":\"new\"}\n").expect("written");
    running.says("it is read again from its beginning").await;
    running.prints("+I[7, new]").await;
    running.signal("INT").await;
    let ended = running.ended_with_input_open().await;
    assert_eq!((ended.code, job.source("i")), (Some(0), [4, 4, 0, 0]), "{}", ended.stderr);
}

#[tokio::test]
async fn a_closed_standard_input_is_an_empty_one_for_a_job() {
    let job = Job::new().await;
    let ended = job.ran_in_shell(r#"exec "$0" "$@" <&-"#, &copy_of("-", ""), &[]).await;
    assert_eq!((ended.code, job.source("i")), (Some(0), [0, 0, 0, 0]), "{}", ended.stderr);
}

#[tokio::test]
async fn standard_input_is_read_by_one_job_alone() {
    let job = Job::new().await;
    let table = "CREATE TABLE i (n INT) WITH ('connector' = 'filesystem', 'path' = '-', 'format' = 'json');";
    let other = "CREATE TABLE j WITH ('json.ignore-parse-errors' = 'true') LIKE i;";
    let insert = |table: &str| format!("INSERT INTO hole SELECT n FROM {table};");
    for wrong in [
        format!("{table}{}\n{}", insert("i"), insert("i")),
        format!("{table}{other}EXECUTE STATEMENT SET BEGIN {}{} END;", insert("i"), insert("j")),
    ] {
        let ended = job.ran(&wrong, &[]).await;
        assert_eq!(ended.code, Some(64), "{}", ended.stderr);
        assert!(ended.stderr.contains("this reads standard input ("), "{}", ended.stderr);
        assert!(ended.stderr.contains("into one EXECUTE STATEMENT SET"), "{}", ended.stderr);
    }
    let right = format!("{table}EXECUTE STATEMENT SET BEGIN {}{} END;", insert("i"), insert("i"));
    let ended = run(job.command(&right, &[]), "{\"n\":1}\n").await;
    assert_eq!((ended.code, job.source("i")), (Some(0), [1, 1, 0, 0]), "{}", ended.stderr);
}

#[tokio::test]
async fn a_job_that_would_read_its_own_rows_for_ever_is_refused() {
    let job = Job::new().await;
    std::fs::create_dir_all(job.path("out")).expect("a folder");
    for path in ["${F}", "${F}/out", "${F}/o*", "file://${F}/out"] {
        let ended = job.ran(&copy_of(path, ", 'source.monitor-interval' = '1 s'"), &[]).await;
        assert_eq!(ended.code, Some(64), "{path}: {}", ended.stderr);
        assert!(ended.stderr.contains("o is written to where i reads on"), "{path}: {}", ended.stderr);
    }
    // What is there when the job begins is read once.
    std::fs::write(job.path("out/a.json"), rows(2)).expect("written");
    let ended = job.ran(&copy_of("${F}/out", ""), &[]).await;
    assert_eq!((ended.code, job.source("i")), (Some(0), [2, 2, 0, 0]), "{}", ended.stderr);
}
