//! `narthex receive`: the built-in strict receiver on a port, until a signal, a time or a number of samples.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use narthex_receiver::{
    Behaviour, Credentials, Keep, Receiver, ReceiverConfig, ReceiverServer, Script, ServerConfig, Stats,
    TlsIdentity, parse_duration,
};

use crate::listen::parse_address;
use crate::mistakes::Mistakes;
use crate::same_file::{Files, is_stream};
use crate::sink_flags::EMPTY_CREDENTIAL;
use crate::stop::Stop;

/// Requests of which the log is kept; nobody reads it here.
const LOG_LIMIT: usize = 0;

/// Flags of `narthex receive`.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ReceiveArgs {
    /// Where to listen; a bare port is on loopback, port 0 is any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: String,
    /// Whose habits to take on: 2.42 or 3 (Prometheus), keeps-good (Mimir, Cortex, Thanos)
    #[arg(long, value_name = "NAME", default_value = "3")]
    behaviour: String,
    /// How far behind the newest timestamp a late sample is still taken
    #[arg(long, value_name = "DURATION", default_value = "0 s")]
    out_of_order_window: String,
    /// What goes wrong, such as "503x10" or "429:after=10s,for=60s"; repeatable, see docs/receiver.md
    #[arg(long = "fault", value_name = "SCRIPT")]
    faults: Vec<String>,
    /// What is kept: all samples, the newest of each series, or nothing
    #[arg(long, value_name = "WHAT", default_value = "all")]
    keep: String,
    /// Decode and count, keep nothing and refuse nothing; short for --keep nothing
    #[arg(long)]
    discard: bool,
    /// At the end, write what is held as NDJSON to this file; - is standard output
    #[arg(long, value_name = "PATH")]
    dump: Option<PathBuf>,
    /// End after this time
    #[arg(long = "for", value_name = "DURATION")]
    lasts: Option<String>,
    /// End when so many samples are acknowledged
    #[arg(long, value_name = "N")]
    until_samples: Option<u64>,
    #[command(flatten)]
    tls: TlsFlags,
    #[command(flatten)]
    auth: AuthFlags,
}

#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "TLS")]
struct TlsFlags {
    /// Serve HTTPS with this certificate (PEM)
    #[arg(long, value_name = "PATH")]
    tls_cert_file: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(long, value_name = "PATH")]
    tls_key_file: Option<PathBuf>,
    /// Take only clients with a certificate of this CA (PEM)
    #[arg(long, value_name = "PATH")]
    tls_client_ca_file: Option<PathBuf>,
}

#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Credentials that clients must show")]
struct AuthFlags {
    /// User of basic authentication
    #[arg(long, value_name = "NAME")]
    auth_username: Option<String>,
    /// Password of basic authentication
    #[arg(long, value_name = "PASSWORD")]
    auth_password: Option<String>,
    /// File that holds the password
    #[arg(long, value_name = "PATH")]
    auth_password_file: Option<PathBuf>,
    /// Bearer token
    #[arg(long, value_name = "TOKEN")]
    auth_bearer_token: Option<String>,
    /// File that holds the token
    #[arg(long, value_name = "PATH")]
    auth_bearer_token_file: Option<PathBuf>,
}

/// What the flags come to.
#[derive(Debug)]
struct Plan {
    server: ServerConfig,
    lasts: Option<Duration>,
    until_samples: Option<u64>,
}

/// Receives until a signal, `--for` or `--until-samples`; then dumps and prints the counters.
///
/// # Errors
/// [`Mistakes`] when flags are wrong; else when the port cannot be had or the dump not be written.
pub(crate) async fn run(args: ReceiveArgs) -> anyhow::Result<ExitCode> {
    let plan = plan(&args)?;
    // Before any port opens: a dump that cannot be written should not be found out at the end.
    let dump = args.dump.as_deref().map(Dump::open).transpose()?;
    let stop = Stop::on_signals()?;
    stop.begin();
    let server = ReceiverServer::start(plan.server).await?;
    say(&format!("listening on {}\n", server.url()));
    let receiver = server.receiver().clone();
    tokio::select! {
        () = stop.wait() => {}
        () = pass(plan.lasts) => {}
        () = count(&receiver, plan.until_samples) => {}
    }
    server.shutdown().await;
    let dumped = dump.map_or(Ok(()), |dump| dump.write(&receiver));
    say(&summary(&receiver.stats()));
    dumped.map(|()| ExitCode::SUCCESS)
}

async fn pass(lasts: Option<Duration>) {
    match lasts {
        Some(lasts) => tokio::time::sleep(lasts).await,
        None => std::future::pending().await,
    }
}

async fn count(receiver: &Receiver, samples: Option<u64>) {
    match samples {
        Some(samples) => receiver.acknowledged(samples).await,
        None => std::future::pending().await,
    }
}

/// Standard error may be closed; that changes nothing about the work.
fn say(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

fn plan(args: &ReceiveArgs) -> anyhow::Result<Plan> {
    let mut mistakes = Mistakes::default();
    let listen = mistakes.take("listen", parse_address(&args.listen));
    let behaviour = mistakes.take("behaviour", args.behaviour.parse::<Behaviour>());
    let window = mistakes.take("out-of-order-window", parse_duration(&args.out_of_order_window));
    let lasts = args.lasts.as_ref().and_then(|text| mistakes.take("for", parse_duration(text)));
    let faults =
        args.faults.iter().filter_map(|text| mistakes.take("fault", text.parse::<Script>())).collect();
    let keep = keep(args, &mut mistakes);
    let tls = args.tls.identity(&mut mistakes);
    let credentials = args.auth.credentials(&mut mistakes);
    if keep == Keep::Nothing && args.dump.is_some() {
        mistakes.add("dump", "nothing is kept, so nothing can be dumped; leave out --discard");
    }
    if args.until_samples == Some(0) {
        mistakes.add("until-samples", "\"0\" would end before the start; write 1 or more");
    }
    args.files().check(&mut mistakes);
    mistakes.into_result()?;
    let receiver = ReceiverConfig {
        behaviour: behaviour.unwrap_or_default(),
        out_of_order_window: window.unwrap_or_default(),
        keep,
        faults,
        credentials,
        log_limit: LOG_LIMIT,
        ..ReceiverConfig::default()
    };
    let listen = listen.unwrap_or(ServerConfig::default().listen);
    Ok(Plan { server: ServerConfig { listen, tls, receiver }, lasts, until_samples: args.until_samples })
}

fn keep(args: &ReceiveArgs, mistakes: &mut Mistakes) -> Keep {
    match args.keep.as_str() {
        "all" if args.discard => Keep::Nothing,
        "all" => Keep::All,
        "newest" if args.discard => {
            mistakes.add("discard", "it does not go with --keep newest; leave one of them out");
            Keep::All
        }
        "newest" => Keep::Newest,
        "nothing" => Keep::Nothing,
        other => {
            mistakes.add("keep", format_args!("{other:?} is unknown; one of all, newest, nothing"));
            Keep::All
        }
    }
}

impl ReceiveArgs {
    /// What is read and written.
    fn files(&self) -> Files {
        let mut files = Files::default();
        let (tls, auth) = (&self.tls, &self.auth);
        for (flag, path) in [
            ("--tls-cert-file", &tls.tls_cert_file),
            ("--tls-key-file", &tls.tls_key_file),
            ("--tls-client-ca-file", &tls.tls_client_ca_file),
            ("--auth-password-file", &auth.auth_password_file),
            ("--auth-bearer-token-file", &auth.auth_bearer_token_file),
        ] {
            if let Some(path) = path {
                files.setting(flag, path);
            }
        }
        if let Some(path) = &self.dump {
            files.output("dump", "the dump", path);
        }
        files
    }
}

impl TlsFlags {
    fn identity(&self, mistakes: &mut Mistakes) -> Option<TlsIdentity> {
        match (&self.tls_cert_file, &self.tls_key_file) {
            (Some(cert_file), Some(key_file)) => {
                let client_ca_file = self.tls_client_ca_file.clone();
                Some(TlsIdentity { cert_file: cert_file.clone(), key_file: key_file.clone(), client_ca_file })
            }
            (Some(_), None) => {
                mistakes.add("tls-key-file", "it is missing; the certificate needs its private key");
                None
            }
            (None, Some(_)) => {
                mistakes.add("tls-cert-file", "it is missing; the private key needs its certificate");
                None
            }
            (None, None) => {
                if self.tls_client_ca_file.is_some() {
                    mistakes.add("tls-client-ca-file", "it needs --tls-cert-file and --tls-key-file");
                }
                None
            }
        }
    }
}

impl AuthFlags {
    fn credentials(&self, mistakes: &mut Mistakes) -> Option<Credentials> {
        if self.auth_username.as_ref().is_some_and(|name| name.trim().is_empty()) {
            mistakes.add("auth-username", EMPTY_CREDENTIAL);
        }
        let password =
            secret("auth-password", &self.auth_password, self.auth_password_file.as_deref(), mistakes);
        let token = secret(
            "auth-bearer-token",
            &self.auth_bearer_token,
            self.auth_bearer_token_file.as_deref(),
            mistakes,
        );
        match (&self.auth_username, password, token) {
            (None, None, None) => None,
            (None, None, Some(token)) => Some(Credentials::Bearer { token }),
            (Some(username), Some(password), None) => {
                Some(Credentials::Basic { username: username.clone(), password })
            }
            (Some(_), None, None) => {
                mistakes.add("auth-username", "it needs --auth-password or --auth-password-file");
                None
            }
            (None, Some(_), None) => {
                mistakes.add("auth-password", "it needs --auth-username");
                None
            }
            (_, _, Some(_)) => {
                mistakes
                    .add("auth-bearer-token", "it does not go with basic authentication; take one of them");
                None
            }
        }
    }
}

/// A secret from its flag or its file; a final line break in the file is not part of it.
fn secret(
    flag: &str,
    typed: &Option<String>,
    file: Option<&Path>,
    mistakes: &mut Mistakes,
) -> Option<String> {
    match (typed, file) {
        (None, None) => None,
        (Some(typed), None) => {
            if typed.trim().is_empty() {
                mistakes.add(flag, EMPTY_CREDENTIAL);
            }
            Some(typed.clone())
        }
        (Some(_), Some(_)) => {
            mistakes.add(flag, format_args!("it does not go with --{flag}-file; take one of them"));
            None
        }
        (None, Some(path)) => match std::fs::read_to_string(path) {
            Ok(text) => {
                if text.trim().is_empty() {
                    mistakes.add(&format!("{flag}-file"), format_args!("{} is empty", path.display()));
                }
                Some(text.trim_end_matches(['\r', '\n']).to_owned())
            }
            Err(error) => {
                mistakes
                    .add(&format!("{flag}-file"), format_args!("cannot read {}: {error}", path.display()));
                None
            }
        },
    }
}

/// Where the dump goes.
enum Dump {
    Stdout,
    File(PathBuf, File),
}

impl Dump {
    fn open(path: &Path) -> anyhow::Result<Self> {
        if is_stream(path) {
            return Ok(Dump::Stdout);
        }
        let file =
            File::create(path).with_context(|| format!("cannot write the dump to {}", path.display()))?;
        Ok(Dump::File(path.to_owned(), file))
    }

    fn write(self, receiver: &Receiver) -> anyhow::Result<()> {
        let (name, written) = match self {
            Dump::Stdout => ("standard output".to_owned(), write_all(receiver, io::stdout().lock())),
            Dump::File(path, file) => (path.display().to_string(), write_all(receiver, file)),
        };
        written.with_context(|| format!("cannot write the dump to {name}"))
    }
}

fn write_all(receiver: &Receiver, out: impl Write) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    receiver.write_dump(&mut out)?;
    out.flush()
}

/// The counters as a block of lines; fates that no sample had are left out.
fn summary(stats: &Stats) -> String {
    let samples = &stats.samples;
    let codes = stats.requests.iter().map(|(code, count)| format!("{code}: {count}"));
    let none = (stats.unanswered > 0).then(|| format!("no answer: {}", stats.unanswered));
    let codes: Vec<String> = codes.chain(none).collect();
    let mut lines = vec![
        ("requests", stats.all_requests(), codes.join(", ")),
        ("bytes", stats.body_bytes, String::new()),
        ("series", stats.series_held, format!("held; {} received", stats.series_received)),
        ("samples", samples.received, "received".to_owned()),
    ];
    let mut fate = |name, count, text: &str| {
        if count > 0 {
            lines.push((name, count, text.to_owned()));
        }
    };
    fate("  stored", samples.stored, "");
    fate("  overwritten", samples.overwritten, "late, in place of another value");
    fate("  repeated", samples.repeated, "held already, a no-op");
    fate("  dropped", samples.dropped_disorder, "behind a success: disorder inside a request");
    fate("  dropped", samples.dropped_conflict, "behind a success: another value at the timestamp");
    fate("  skipped", samples.skipped, "behind a success: bad labels");
    for (reason, count) in &samples.refused {
        fate("  refused", *count, reason.as_str());
    }
    fate("  rolled back", samples.rolled_back, "beside a refused one");
    fate("  discarded", samples.discarded, "counted, not kept");
    lines.push(("order violations", samples.order_violations, String::new()));
    lines
        .iter()
        .map(|(name, count, text)| format!("{name:<17}{count:>12} {text}").trim_end().to_owned() + "\n")
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        args: ReceiveArgs,
    }

    fn planned(flags: &[&str]) -> anyhow::Result<Plan> {
        plan(&Command::parse_from(["receive"].iter().chain(flags)).args)
    }

    #[test]
    fn without_flags_it_is_prometheus_3_on_a_free_loopback_port() {
        let plan = planned(&[]).unwrap();
        assert_eq!(plan.server.listen.to_string(), "127.0.0.1:0");
        assert_eq!(plan.server.receiver.behaviour, Behaviour::Prometheus3);
        assert_eq!((plan.lasts, plan.until_samples), (None, None));
        assert!(plan.server.tls.is_none() && plan.server.receiver.credentials.is_none());
    }

    #[test]
    fn every_flag_arrives() {
        let flags = "--listen 9201 --behaviour 2.42 --out-of-order-window 30min --fault 503x2 --fault delay=40ms \
                     --keep newest --for 5s --until-samples 7 --auth-username u --auth-password p \
                     --tls-cert-file c --tls-key-file k --tls-client-ca-file a";
        let plan = planned(&flags.split_whitespace().collect::<Vec<_>>()).unwrap();
        let receiver = &plan.server.receiver;
        assert_eq!(plan.server.listen.to_string(), "127.0.0.1:9201");
        assert_eq!(receiver.behaviour, Behaviour::Prometheus2_42);
        assert_eq!(receiver.out_of_order_window, Duration::from_secs(1800));
        assert_eq!((receiver.faults.len(), receiver.keep), (2, Keep::Newest));
        assert_eq!((plan.lasts, plan.until_samples), (Some(Duration::from_secs(5)), Some(7)));
        assert_eq!(
            receiver.credentials,
            Some(Credentials::Basic { username: "u".into(), password: "p".into() })
        );
        assert!(plan.server.tls.unwrap().client_ca_file.is_some());
    }

    #[test]
    fn all_mistakes_are_named_at_once() {
        let flags = "--listen nowhere --behaviour 4 --out-of-order-window long --fault oops --fault down --keep some \
                     --for ever --until-samples 0 --tls-key-file k --auth-username u --discard --dump -";
        let mistakes = planned(&flags.split_whitespace().collect::<Vec<_>>()).unwrap_err().to_string();
        for flag in [
            "listen",
            "behaviour",
            "out-of-order-window",
            "fault",
            "keep",
            "for",
            "until-samples",
            "tls-cert-file",
            "auth-username",
        ] {
            assert!(mistakes.contains(&format!("--{flag}: ")), "{flag} is not in {mistakes}");
        }
        assert_eq!(mistakes.matches("--fault: ").count(), 2);
        assert!(planned(&["--discard", "--dump", "-"]).unwrap_err().to_string().contains("--dump: "));
    }

    #[test]
    fn the_summary_leaves_out_fates_that_no_sample_had() {
        let mut stats = Stats::default();
        stats.requests.insert(204, 3);
        stats.unanswered = 1;
        (stats.samples.received, stats.samples.stored) = (10, 10);
        let summary = summary(&stats);
        assert!(summary.contains("requests                    4 204: 3, no answer: 1\n"), "{summary}");
        assert!(summary.contains("  stored                   10\n"), "{summary}");
        assert!(
            summary.contains("order violations            0\n") && !summary.contains("skipped"),
            "{summary}"
        );
    }
}
