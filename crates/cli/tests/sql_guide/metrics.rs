//! The metrics of a running job file: docs/metrics.md lists what a scrape shows, no more, no less.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use narthex_testkit::generated::{check_part, code, table};

use crate::entry::{Place, TABLES};

/// A job that ends by no means of its own and has all kinds of tables. All samples of a series have one time: those of
/// `s` are dropped by the checks, those of `r` refused by the receiver.
const JOB: &str = "
CREATE TABLE g (n INT) WITH ('connector' = 'datagen', 'rows-per-second' = '100');
CREATE TABLE s (n INT, ts TIMESTAMP_LTZ(3)) WITH ('connector' = 'prometheus', 'metric.endpoint-url' = 'RECEIVER/api/v1/write',
  'metric.name.literal' = 'n', 'metric.sample.key' = 'n', 'metric.sample.timestamp' = 'ts');
CREATE TABLE r WITH ('sink.checks' = 'labels', 'metric.name.literal' = 'r') LIKE s;
CREATE TABLE w (rt AS CAST(CURRENT_TIMESTAMP AS TIMESTAMP_LTZ(3)), WATERMARK FOR rt AS rt) LIKE g;
CREATE TABLE b (n INT) WITH ('connector' = 'blackhole');
EXECUTE STATEMENT SET BEGIN
INSERT INTO s SELECT n, FLOOR(CURRENT_TIMESTAMP TO HOUR) FROM g WHERE n > 0;
INSERT INTO r SELECT n, FLOOR(CURRENT_TIMESTAMP TO HOUR) FROM g WHERE n > 0;
INSERT INTO b SELECT n FROM g;
INSERT INTO b SELECT CAST(COUNT(*) AS INT) FROM TABLE(TUMBLE(TABLE w, DESCRIPTOR(rt), INTERVAL '1' SECOND)) GROUP BY window_start, window_end;
INSERT INTO b SELECT id FROM t;
END;
";

/// Ends with its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a command, and gives the address that it listens on.
fn listening(command: &mut Command) -> (Running, String) {
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let running = Running(child);
    let mut first = String::new();
    lines.read_line(&mut first).unwrap();
    std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
    let address =
        first.trim().strip_prefix("listening on http://").unwrap_or_else(|| panic!("{first}")).to_owned();
    (running, address)
}

fn get(address: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET /metrics HTTP/1.1\r\nhost: {address}\r\naccept: application/openmetrics-text\r\nconnection: close\r\n\r\n"
    ).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

/// A scrape when everything has been seen once.
fn scrape() -> String {
    let binary = env!("CARGO_BIN_EXE_narthex");
    let (_receiver, receiver) = listening(Command::new(binary).args(["receive", "--listen", "0"]));
    let place = Place::new();
    let sql = format!("{TABLES}{JOB}").replace("RECEIVER", &format!("http://{receiver}"));
    let sql = sql.replace("${IN}", &place.path("in").display().to_string());
    std::fs::write(place.path("job.sql"), sql).unwrap();
    let mut job = Command::new(binary);
    job.args(["run", "--listen", "0", "--dead-letters"])
        .args([place.path("dead.ndjson"), place.path("job.sql")]);
    let (_job, address) = listening(&mut job);
    for _ in 0..600 {
        let page = get(&address);
        let is_there = |name: &str| page.lines().any(|line| line.starts_with(&format!("{name}{{")));
        // These come with the first of what they count.
        let last = [
            "narthex_sink_requests_total",
            "narthex_sink_newest_written_timestamp_seconds",
            "narthex_source_watermark_timestamp_seconds",
        ];
        if last.into_iter().all(is_there) {
            return page;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("nothing was dropped, or nothing rejected");
}

#[derive(Default)]
struct Family {
    kind: String,
    help: String,
    labels: BTreeSet<String>,
}

fn families(text: &str) -> BTreeMap<String, Family> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut current = String::new();
    for line in text.lines().filter(|line| *line != "# EOF") {
        if let Some(comment) = line.strip_prefix("# ") {
            let [what, name, value] = comment.splitn(3, ' ').collect::<Vec<_>>()[..] else {
                panic!("{line}")
            };
            current = name.to_owned();
            let family = families.entry(current.clone()).or_default();
            match what {
                "TYPE" => family.kind = value.to_owned(),
                "HELP" => family.help = value.to_owned(),
                _ => {}
            }
        } else if let Some((_, labels)) = line.split_once('{') {
            let names = labels.split(',').filter_map(|pair| Some(pair.split_once("=\"")?.0.to_owned()));
            families.entry(current.clone()).or_default().labels.extend(names);
        }
    }
    families
}

#[test]
fn the_page_lists_what_a_job_exposes() {
    let rows = families(&scrape()).into_iter().map(|(name, family)| {
        let suffix = match family.kind.as_str() {
            "counter" => "_total",
            "info" => "_info",
            _ => "",
        };
        let labels: Vec<String> = family.labels.iter().map(|label| code(label)).collect();
        let help = family.help.trim_end_matches('.').to_owned() + ".";
        [code(&format!("{name}{suffix}")), family.kind, labels.join(", "), help]
    });
    check_part(file!(), "docs/metrics.md", &table(["metric", "type", "labels", "meaning"], rows));
}
