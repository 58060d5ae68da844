//! The list of injected errors, as NDJSON, with a closing line that sums up what a ledger must show.

use narthex_protocol::text::write::write_json_string;

use super::digits::{push_integer, push_padded};
use super::inject::{Fate, Injection};
use super::stream::Counts;

/// Collects lines of the manifest, if one is wanted.
#[derive(Debug, Default)]
pub(super) struct Manifest {
    wanted: bool,
    pub(super) text: Vec<u8>,
}

impl Manifest {
    pub(super) fn new(wanted: bool) -> Self {
        Self { wanted, text: Vec::new() }
    }

    /// Lists an injected line, which ends without a line feed. `fate` is what a strict sink does with it.
    pub(super) fn push(&mut self, injection: Injection, line: u64, fate: Option<Fate>, record: &[u8]) {
        if !self.wanted {
            return;
        }
        let out = &mut self.text;
        out.extend_from_slice(br#"{"kind":""#);
        out.extend_from_slice(injection.name().as_bytes());
        out.extend_from_slice(br#"","line":"#);
        push_padded(out, line, 1);
        match fate {
            Some(Fate::Written) => out.extend_from_slice(br#","fate":"written""#),
            Some(Fate::Undecodable) => out.extend_from_slice(br#","fate":"undecodable""#),
            Some(Fate::Dropped(reason)) => {
                out.extend_from_slice(br#","fate":"dropped","reason":""#);
                out.extend_from_slice(reason.as_bytes());
                out.push(b'"');
            }
            None => {}
        }
        if injection == Injection::Malformed {
            out.extend_from_slice(br#","raw":"#);
            write_json_string(out, record);
            out.push(b'}');
        } else {
            // The record is an object; its members become the manifest's.
            out.push(b',');
            out.extend_from_slice(record.get(1..).unwrap_or_default());
        }
        out.push(b'\n');
    }

    /// Adds the closing line; `samples` tells whether the stream can go into a sink as it is.
    pub(super) fn finish(&mut self, start_ms: i64, counts: &Counts, samples: bool) {
        if !self.wanted {
            return;
        }
        let out = &mut self.text;
        out.extend_from_slice(br#"{"kind":"summary","start":"#);
        push_integer(out, start_ms);
        out.extend_from_slice(br#","lines":"#);
        push_padded(out, counts.lines, 1);
        out.extend_from_slice(br#","clean":"#);
        push_padded(out, counts.clean, 1);
        let injected = |injection: Injection| counts.injected[injection as usize];
        push_object(out, "injected", Injection::ALL.map(|i| (i.name(), injected(i))));
        let undecodable = injected(Injection::Malformed);
        if samples {
            out.extend_from_slice(br#","expected":{"received":"#);
            push_padded(out, counts.lines - undecodable, 1);
            out.extend_from_slice(br#","written":"#);
            push_padded(out, counts.clean, 1);
            let mut dropped: Vec<(&'static str, u64)> = Vec::new();
            for injection in Injection::ALL {
                let Fate::Dropped(reason) = injection.fate() else { continue };
                match dropped.iter_mut().find(|(known, _)| *known == reason) {
                    Some((_, count)) => *count += injected(injection),
                    None => dropped.push((reason, injected(injection))),
                }
            }
            push_object(out, "dropped", dropped);
            out.extend_from_slice(br#","undecodable":"#);
            push_padded(out, undecodable, 1);
            out.push(b'}');
        }
        out.extend_from_slice(b"}\n");
    }
}

fn push_object(out: &mut Vec<u8>, name: &str, counts: impl IntoIterator<Item = (&'static str, u64)>) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":{");
    for (i, (key, count)) in counts.into_iter().enumerate() {
        out.extend_from_slice(if i == 0 { b"\"" } else { b",\"" });
        out.extend_from_slice(key.as_bytes());
        out.extend_from_slice(b"\":");
        push_padded(out, count, 1);
    }
    out.push(b'}');
}
