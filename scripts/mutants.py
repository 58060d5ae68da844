#!/usr/bin/env python3
"""Breaks each contract of the sink on purpose, one at a time, and wants a test to fail.

usage: scripts/mutants.py [WORD ...]    (only those whose name holds a word)

Works on a clone of the commit that is checked out, so the checkout stays as it is. A mutant that no test
notices, and one whose text is not found any more, make the run fail.
"""
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile

SINK, CLIENT, MODEL = "crates/sink/src", "crates/client/src", "crates/model/src"

# (what is broken, file, text, what stands in its place)
MUTANTS = [
    ("order: an equal timestamp passes as newer", f"{SINK}/batch.rs",
     "if sample.timestamp_ms > last.timestamp_ms || !last.is_some() {",
     "if sample.timestamp_ms >= last.timestamp_ms || !last.is_some() {"),
    ("order: shards by turns instead of by series", f"{SINK}/sink.rs",
     "&self.queues[shard_of(labels, self.queues.len())]",
     "{ static TURN: AtomicUsize = AtomicUsize::new(0); let _ = labels; "
     "&self.queues[TURN.fetch_add(1, Ordering::Relaxed) % self.queues.len()] }"),
    ("order: the second half of a refused request goes first", f"{SINK}/settle.rs",
     "for part in [second, first] {", "for part in [first, second] {"),
    ("order: late samples are not recognised in the window", f"{SINK}/batch.rs",
     "<= rules.out_of_order_window_ms {", "< -1 {"),
    ("order: merged samples are not brought together", f"{SINK}/batch.rs",
     "            if !self.is_contiguous {", "            if false {"),
    ("checks: the future is not bounded", f"{SINK}/batch.rs",
     "if sample.timestamp_ms > newest_ms {", "if false {"),
    ("checks: the future is not bounded in a plain request", f"{SINK}/batch.rs",
     "|| sample.timestamp_ms > newest_ms {\n                return false;", "{\n                return false;"),
    ("checks: an equal value at an equal time is a conflict", f"{SINK}/batch.rs",
     "let same = sample.value_bits() == last.value_bits;", "let same = false;"),
    ("checks: what was refused stays in the table", f"{SINK}/worker.rs",
     "        self.restore_table(settlement);", "        let _ = Self::restore_table;"),
    ("checks: idle series are never forgotten", f"{SINK}/worker.rs",
     "            table.sweep_one_segment();", ""),
    ("ledger: written counts requests, not samples", f"{SINK}/worker.rs",
     "counts.written += written;", "counts.written += written.min(1);"),
    ("ledger: dropped samples stay pending", f"{SINK}/worker.rs",
     "let settled = dropped + self", "let settled = self"),
    ("ledger: samples given up are not counted", f"{SINK}/worker.rs",
     "                Fate::Lost { reason, refusal } => {\n                    self.lost.add(reason, 1);",
     "                Fate::Lost { reason, refusal } => {\n                    let _ = reason;"),
    ("ledger: a flush ends well with samples pending", f"{SINK}/queue.rs",
     "if state.held == 0 {\n            state.end_flush();", "{\n            state.end_flush();"),
    ("ledger: a snapshot passes over what a halted request leaves", f"{SINK}/sink.rs",
     "        self.shared.check()?;\n        Ok(unsettled)", "        Ok(unsettled)"),
    ("dead letters: dropped samples are not filed", f"{SINK}/worker.rs",
     "if dropped.reason.is_loss() && self.shared.dead_letters.is_some() {", "if false {"),
    ("isolation: the second half of a refused request is never sent", f"{SINK}/settle.rs",
     "for part in [second, first] {", "for part in [first] {"),
    ("isolation: no budget", f"{SINK}/settle.rs",
     "if self.requests >= self.budget && !task.once {", "if false {"),
    ("isolation: a 413 is not remembered", f"{SINK}/settle.rs",
     "self.worker.shared.limits.lower_request_bytes(plain.len() / 2);", ""),
    ("isolation: discard halves all the same", f"{SINK}/settle.rs",
     "self.worker.shared.options.on_reject == OnReject::Discard {", "false {"),
    ("lost answers: the doubt is forgotten", f"{SINK}/settle.rs",
     "        if task.attempts.outcome_unknown {\n            task.stored = Stored::Perhaps;\n        }", ""),
    ("lost answers: a network error leaves no doubt", f"{CLIENT}/client.rs",
     "attempts.outcome_unknown |= error.delivery == Delivery::Unknown;", ""),
    ("lost answers: a gateway's 5xx leaves no doubt", f"{CLIENT}/client.rs",
     "attempts.outcome_unknown |= leaves_outcome_unknown(answer.status);", ""),
    ("lost answers: a receiver known to keep nothing is believed", f"{SINK}/settle.rs",
     "(task.stored == Stored::Never && keeps_nothing)", "keeps_nothing"),
    ("lost answers: the first sample of a series has company", f"{SINK}/batch.rs",
     "if len > 0 && !before.is_some() && self.origin", "if false && len > 0 && self.origin"),
    ("lost answers: whatever is in doubt is stored", f"{SINK}/settle/stored.rs",
     "Outcome::Accepted => return Ok(false),", "Outcome::Accepted => return Ok(true),"),
    ("5xx: no halves are tried", f"{CLIENT}/client.rs",
     "&& attempts.server_errors_in_a_row >= most", "&& attempts.server_errors_in_a_row >= u32::MAX - most"),
    ("5xx: a Retry-After is halved all the same", f"{CLIENT}/client.rs",
     "&& answer.retry_after.is_none()", ""),
    ("5xx: an outage is taken for a bad sample", f"{SINK}/settle/server_errors.rs",
     "const CONFIRMATIONS: usize = 4;", "const CONFIRMATIONS: usize = 0;"),
    ("retries: Retry-After is ignored", f"{CLIENT}/client.rs",
     "self.config.retry.backoff(attempts.made, rand::random(), again.retry_after)",
     "self.config.retry.backoff(attempts.made, rand::random(), again.retry_after.and(None))"),
    ("retries: the patience before the first success is endless", f"{CLIENT}/client.rs",
     "self.config.retry.allows(attempts.made - 1, patience, next, self.has_accepted())",
     "self.config.retry.allows(attempts.made - 1, patience, next, true)"),
    ("retries: signed once", f"{CLIENT}/client.rs",
     "        for signer in &self.config.signers {", "        for signer in self.config.signers.iter().take(1 - made.min(1) as usize) {"),
    ("retries: no Retry-Attempt header", f"{CLIENT}/client.rs", "        if made > 0 {", "        if false {"),
    ("classification: 404 is retried", f"{CLIENT}/classify.rs",
     "429 | 500..=599 => Verdict::TryAgain", "404 | 429 | 500..=599 => Verdict::TryAgain"),
    ("classification: 3xx is a success", f"{CLIENT}/classify.rs",
     "200..=299 => Verdict::Accepted", "200..=399 => Verdict::Accepted"),
    ("exhaustion: fail discards", f"{SINK}/settle.rs",
     "self.worker.shared.options.on_exhausted == OnExhausted::Fail {", "false {"),
    ("back-pressure: queues have no bound of samples", f"{SINK}/queue.rs",
     "let fits = self.samples + self.held as usize + samples <= limits.max_samples\n            && ", "let fits = "),
    ("back-pressure: queues have no bound of bytes", f"{SINK}/queue.rs",
     "\n            && self.bytes + bytes <= limits.max_bytes;", ";"),
    ("flush: returns at once", f"{SINK}/queue.rs",
     "let done = state.flush.done >= number;", "let done = true;"),
    ("batches: age does not send", f"{SINK}/queue.rs",
     "|| due.is_some_and(|due| due <= Instant::now())", ""),
    ("batches: bytes do not send", f"{SINK}/queue.rs",
     "            || (bytes_before < self.limits.batch_bytes && state.bytes >= self.limits.batch_bytes);", ";"),
    ("values: a NaN keeps its bits", f"{MODEL}/sample.rs", "if value.is_nan() {", "if false {"),
    ("values: the stale marker's bits are not kept", f"{MODEL}/sample.rs",
     "if bits == STALE_NAN_BITS {", "if false {"),
    ("labels: not sorted", f"{MODEL}/labels.rs",
     "shape.order.sort_by(|a, b| name_of(a).cmp(name_of(b)));",
     "shape.order.sort_by(|a, b| name_of(a).len().min(0).cmp(&name_of(b).len().min(0)));"),
    ("logs: one line for each lost sample", f"{SINK}/loss_log.rs",
     "const LINES_PER_SECOND: u32 = 10;", "const LINES_PER_SECOND: u32 = u32::MAX;"),
]


def main() -> int:
    words = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="narthex-mutants-") as folder:
        clone = os.path.join(folder, "clone")
        subprocess.run(["git", "clone", "-q", ".", clone], check=True)
        target = os.environ.get("NARTHEX_MUTANTS_TARGET", os.path.join(folder, "target"))
        env = {**os.environ, "CARGO_TARGET_DIR": target}
        survivors = []
        ran = 0
        for name, file, text, instead in MUTANTS:
            if words and not any(word in name for word in words):
                continue
            ran += 1
            path = os.path.join(clone, file)
            with open(path, encoding="utf-8") as source:
                before = source.read()
            if text not in before:
                print(f"STALE    {name}: its text is not in {file} any more", flush=True)
                survivors.append(name)
                continue
            with open(path, "w", encoding="utf-8") as source:
                source.write(before.replace(text, instead, 1))
            verdict = judge(clone, env)
            with open(path, "w", encoding="utf-8") as source:
                source.write(before)
            print(f"{verdict[0]:8} {name}: {verdict[1]}", flush=True)
            if verdict[0] != "noticed":
                survivors.append(name)
    print(f"{ran - len(survivors)} noticed, {len(survivors)} not")
    return 1 if survivors else 0


def limited() -> None:
    """A group of its own, to be ended whole; and a broken sink must not take all memory there is."""
    os.setsid()
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))


def run(command: list[str], clone: str, env: dict) -> tuple[int, str, str]:
    with subprocess.Popen(command, cwd=clone, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          errors="replace", preexec_fn=limited) as child:
        try:
            out, err = child.communicate(timeout=300)
        finally:
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        return child.returncode, out, err


def judge(clone: str, env: dict) -> tuple[str, str]:
    """The quick tests first; what they let pass, the others are asked."""
    for tests in (["--lib", "--test", "contracts"], ["--tests"]):
        command = ["cargo", "test", "--quiet", "-p", "narthex-client", "-p", "narthex-model", "-p", "narthex-sink"]
        try:
            code, out, err = run(command + tests, clone, env)
        except subprocess.TimeoutExpired:
            return "noticed", "the tests hang"
        failed = sorted(set(re.findall(r"^    ([\w:]+)$", out, re.M)))
        if failed:
            return "noticed", f"{len(failed)} failed, first {failed[0]}"
        if "could not compile" in err:
            return "BROKEN", "it does not compile: " + next(iter(re.findall(r"^error.*$", err, re.M)), "")
        if code != 0:
            return "noticed", "the tests end with an error"
    return "SURVIVED", "all tests pass"


if __name__ == "__main__":
    sys.exit(main())
