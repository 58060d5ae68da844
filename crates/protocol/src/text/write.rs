//! Writes samples as lines of exposition and NDJSON; what is written is read back equal by
//! [`LineParser`](super::LineParser).

use narthex_model::{Labels, METRIC_NAME, Sample};

/// Appends one line of exposition with its line feed.
///
/// Names outside the classic rules are quoted, as Prometheus 3 reads them. The format has no stale marker:
/// one is written as `NaN`.
pub fn write_exposition_line(out: &mut Vec<u8>, labels: &Labels, sample: Sample) {
    let name = labels.value_of(METRIC_NAME).unwrap_or_default();
    let bare_name = is_classic(name, true);
    if bare_name {
        out.extend_from_slice(name);
    }
    let mut open = false;
    let mut separate =
        |out: &mut Vec<u8>| out.push(if std::mem::replace(&mut open, true) { b',' } else { b'{' });
    if !bare_name && !name.is_empty() {
        separate(out);
        push_quoted(out, name);
    }
    let mut name_written = false;
    for (label, value) in labels.iter() {
        if label == METRIC_NAME.as_bytes() && !std::mem::replace(&mut name_written, true) {
            continue;
        }
        separate(out);
        if is_classic(label, false) {
            out.extend_from_slice(label);
        } else {
            push_quoted(out, label);
        }
        out.push(b'=');
        push_quoted(out, value);
    }
    match (open, bare_name) {
        (true, _) => out.push(b'}'),
        (false, true) => {}
        (false, false) => out.extend_from_slice(b"{}"),
    }
    out.push(b' ');
    push_value(out, sample.value());
    out.push(b' ');
    out.extend_from_slice(itoa::Buffer::new().format(sample.timestamp_ms).as_bytes());
    out.push(b'\n');
}

/// Appends one line of NDJSON with its line feed: `value` and `timestamp` for one sample, else `samples`.
///
/// Bytes of labels that are no UTF-8 are written as they are; the line is then no UTF-8 either.
pub fn write_ndjson_line(out: &mut Vec<u8>, labels: &Labels, samples: &[Sample]) {
    out.extend_from_slice(b"{\"labels\":");
    write_json_labels(out, labels);
    if let [sample] = samples {
        if sample.is_stale() {
            out.extend_from_slice(b",\"stale\":true");
        } else {
            out.extend_from_slice(b",\"value\":");
            write_json_value(out, sample.value());
        }
        out.extend_from_slice(b",\"timestamp\":");
        out.extend_from_slice(itoa::Buffer::new().format(sample.timestamp_ms).as_bytes());
    } else {
        out.extend_from_slice(b",\"samples\":[");
        for (i, sample) in samples.iter().enumerate() {
            out.extend_from_slice(if i == 0 { b"[" } else { b",[" });
            out.extend_from_slice(itoa::Buffer::new().format(sample.timestamp_ms).as_bytes());
            out.push(b',');
            if sample.is_stale() {
                out.extend_from_slice(b"{\"stale\":true}");
            } else {
                write_json_value(out, sample.value());
            }
            out.push(b']');
        }
        out.push(b']');
    }
    out.extend_from_slice(b"}\n");
}

/// Appends the labels as a JSON object, in name order; a repeated name is there twice.
pub fn write_json_labels(out: &mut Vec<u8>, labels: &Labels) {
    out.push(b'{');
    for (i, (name, value)) in labels.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        write_json_string(out, name);
        out.push(b':');
        write_json_string(out, value);
    }
    out.push(b'}');
}

/// Appends a value as JSON: a number, or a string for what JSON cannot hold (`"NaN"`, `"+Inf"`, `"-Inf"`).
pub fn write_json_value(out: &mut Vec<u8>, value: f64) {
    let quote = !value.is_finite();
    if quote {
        out.push(b'"');
    }
    push_value(out, value);
    if quote {
        out.push(b'"');
    }
}

/// Appends a JSON string. Bytes that are no UTF-8 are kept as they are.
pub fn write_json_string(out: &mut Vec<u8>, text: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    let mut plain = 0;
    for (i, &byte) in text.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&text[plain..i]);
        plain = i + 1;
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            _ => out.extend_from_slice(&[
                b'\\',
                b'u',
                b'0',
                b'0',
                HEX[usize::from(byte >> 4)],
                HEX[usize::from(byte & 15)],
            ]),
        }
    }
    out.extend_from_slice(&text[plain..]);
    out.push(b'"');
}

/// The shortest decimal that is read back as the same bits; `NaN`, `+Inf`, `-Inf`.
fn push_value(out: &mut Vec<u8>, value: f64) {
    if value.is_finite() {
        out.extend_from_slice(ryu::Buffer::new().format_finite(value).as_bytes());
    } else if value.is_nan() {
        out.extend_from_slice(b"NaN");
    } else {
        out.extend_from_slice(if value > 0.0 { b"+Inf" } else { b"-Inf" });
    }
}

fn push_quoted(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    for &byte in text {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

fn is_classic(name: &[u8], colons: bool) -> bool {
    let follows = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_' || (colons && *b == b':');
    name.first().is_some_and(|b| follows(b) && !b.is_ascii_digit()) && name.iter().all(follows)
}
