//! Tests of writing: what a closed pipe and a full disk do.

use std::io::{self, ErrorKind, Write};
use std::sync::{Arc, Mutex};

use super::super::output::{End, Output, write_stream};
use super::*;

/// Takes so many bytes, then fails.
struct Limited {
    taken: Arc<Mutex<Vec<u8>>>,
    limit: usize,
    failure: ErrorKind,
}

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut taken = self.taken.lock().expect("one thread");
        let room = (self.limit - taken.len()).min(bytes.len());
        if room == 0 {
            return Err(self.failure.into());
        }
        taken.extend_from_slice(&bytes[..room]);
        Ok(room)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes the stream into a place of limited room: how it ends, and what arrived.
fn write(flags: &str, limit: usize, failure: ErrorKind) -> (anyhow::Result<End>, Vec<u8>) {
    let plan = plan(flags);
    let taken = Arc::new(Mutex::new(Vec::new()));
    let mut output = Output::to("the place", Limited { taken: Arc::clone(&taken), limit, failure });
    let mut manifest = Manifest::new(false);
    let end = write_stream(&mut Stream::new(&plan), plan.rate, &mut output, &mut manifest, None);
    let bytes = taken.lock().expect("one thread").clone();
    (end, bytes)
}

#[test]
fn a_stream_is_written_whole() {
    let (end, bytes) = write("--count 5000", usize::MAX, ErrorKind::Other);
    assert_eq!(end.unwrap(), End::Complete);
    assert_eq!(bytes, generate("--count 5000").0);
}

#[test]
fn a_paced_stream_holds_the_same_bytes() {
    let flags = "--count 100 --rate 1000 --start 0";
    let (end, bytes) = write(flags, usize::MAX, ErrorKind::Other);
    assert_eq!(end.unwrap(), End::Complete);
    assert_eq!(bytes, generate(flags).0);
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let (end, bytes) = write("--count 100000", 200_000, ErrorKind::BrokenPipe);
    assert_eq!(end.unwrap(), End::Closed);
    assert_eq!(bytes.len(), 200_000);
}

#[test]
fn a_full_disk_is_named_with_a_way_out() {
    let (end, _) = write("--count 100000", 200_000, ErrorKind::StorageFull);
    let message = end.unwrap_err().to_string();
    assert!(message.starts_with("cannot write to the place: "), "{message}");
    assert!(message.ends_with("; free some space, or write elsewhere"), "{message}");
}

#[test]
fn a_manifest_never_lags_behind_its_stream() {
    let plan = plan("--count 50000 --late 0.5");
    let taken = Arc::new(Mutex::new(Vec::new()));
    let room = |limit| Limited { taken: Arc::clone(&taken), limit, failure: ErrorKind::BrokenPipe };
    let arrived = Arc::default();
    let mut output = Output::to("nowhere", Limited { taken: Arc::clone(&arrived), ..room(300_000) });
    let mut listed = Output::to("the manifest", room(usize::MAX));
    let mut manifest = Manifest::new(true);
    let end =
        write_stream(&mut Stream::new(&plan), None, &mut output, &mut manifest, Some(&mut listed)).unwrap();
    assert_eq!(end, End::Closed);
    let text = String::from_utf8(taken.lock().expect("one thread").clone()).unwrap();
    let listed: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let arrived = arrived.lock().expect("one thread").iter().filter(|&&b| b == b'\n').count() as u64;
    assert!(arrived > 1000 && listed.iter().any(|entry| entry["line"].as_u64() >= Some(arrived - 10)));
}
