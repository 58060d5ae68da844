//! Job files with tokens that are missing, too many, swapped or of another file: `check` tells mistakes and never
//! panics. `NARTHEX_MUTATION_SECONDS` goes on for that long.

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::time::Duration;

use super::*;
use crate::sql::run;

/// How many mutated files are planned where no time is given.
const MUTATIONS: u64 = 400;

/// As much stack as a main thread has.
const STACK_BYTES: usize = 8 << 20;

/// SplitMix64: the same files each time.
struct Rng(u64);

impl Rng {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound.max(1) as u64) as usize
    }
}

fn repository() -> PathBuf {
    PathBuf::from("../..")
}

fn jobs() -> Vec<Vec<String>> {
    let mut files = vec![repository().join("demo/vehicles.sql")];
    for (folder, is_job) in [("tests/flink/golden/cases", true), ("tests/sql/wrong", false)] {
        let entries =
            std::fs::read_dir(repository().join(folder)).unwrap().map(|entry| entry.unwrap().path());
        files.extend(entries.filter_map(|path| match is_job {
            true => Some(path.join("job.sql")),
            false => path.extension().is_some_and(|extension| extension == "sql").then_some(path),
        }));
    }
    files.sort();
    let texts = files.iter().map(|file| String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned());
    texts.filter(|text| (1..4_000).contains(&text.len())).map(|text| tokens(&text)).collect()
}

/// The fuzzer's words.
fn dictionary() -> Vec<String> {
    let text = std::fs::read_to_string(repository().join("fuzz/dictionaries/sql.dict")).unwrap();
    let entries = text.lines().filter_map(|line| line.strip_prefix('"')?.strip_suffix('"'));
    entries.map(|entry| entry.replace("\\\"", "\"")).collect()
}

/// Words, texts, blanks and signs, one after the other.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let (mut in_text, mut last) = (false, ' ');
    for c in text.chars() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let goes_on = in_text || (is_word(c) && is_word(last)) || (c.is_whitespace() && last.is_whitespace());
        match tokens.last_mut().filter(|_| goes_on) {
            Some(token) => token.push(c),
            None => tokens.push(c.to_string()),
        }
        if c == '\'' {
            in_text = !in_text;
        }
        last = if c == '\'' { ' ' } else { c };
    }
    tokens
}

fn mutate(tokens: &mut Vec<String>, jobs: &[Vec<String>], words: &[String], rng: &mut Rng) {
    let at = rng.below(tokens.len());
    let from = rng.below(tokens.len());
    let other = &jobs[rng.below(jobs.len())];
    match rng.below(7) {
        _ if tokens.is_empty() => {}
        0 => drop(tokens.remove(at)),
        1 => tokens.insert(at, tokens[from].clone()),
        2 => tokens.swap(at, from),
        3 => tokens[at] = tokens[from].clone(),
        4 => tokens[at] = words[rng.below(words.len())].clone(),
        5 => tokens.insert(at, words[rng.below(words.len())].clone()),
        _ => tokens[at] = other[rng.below(other.len())].clone(),
    }
}

fn plan_mutations(first: u64, is_over: impl Fn(u64) -> bool) -> u64 {
    let (jobs, words) = (jobs(), dictionary());
    let (settings, context) = (Settings::default(), run::context(None, narthex_sink::SinkMetrics::default()));
    let mut seed = first;
    while !is_over(seed - first) {
        let mut rng = Rng(seed);
        let mut tokens = jobs[rng.below(jobs.len())].clone();
        for _ in 0..=rng.below(4) {
            mutate(&mut tokens, &jobs, &words, &mut rng);
        }
        let text = tokens.concat();
        let planned = std::panic::catch_unwind(AssertUnwindSafe(|| {
            let read = JobFile::plan("job.sql".to_owned(), text.clone(), &settings, &context, None);
            read.map(|_| ()).map_err(|mistakes| mistakes.to_string())
        }));
        match planned {
            Ok(Ok(())) => {}
            Ok(Err(told)) => {
                assert!(told.starts_with("job.sql:") && !told.contains(":0:0:"), "{told}\n{text}")
            }
            Err(_) => panic!("seed {seed} makes the planner panic:\n{text}"),
        }
        seed += 1;
    }
    seed - first
}

#[test]
fn a_mutated_job_is_planned_or_told_its_mistakes() {
    let seconds = std::env::var("NARTHEX_MUTATION_SECONDS").ok().map(|seconds| seconds.parse().unwrap());
    let begin = tokio::time::Instant::now();
    let first = std::env::var("NARTHEX_MUTATION_SEED").map_or(0, |seed| seed.parse().unwrap());
    let run = move || match seconds {
        Some(seconds) => plan_mutations(first, |_| begin.elapsed() >= Duration::from_secs(seconds)),
        None => plan_mutations(first, |done| done >= MUTATIONS),
    };
    let planned = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(run).unwrap().join().unwrap();
    println!("{planned} mutated job files, from seed {first}");
}

#[test]
fn a_file_that_is_no_text_is_told_where() {
    let error = String::from_utf8(b"SELECT 1;\nSELECT '\xe4\xff".to_vec()).unwrap_err();
    let told = no_utf8("job.sql", &error).to_string();
    assert!(told.starts_with("job.sql:2:9: the file is not UTF-8 from here on\n"), "{told}");
}
