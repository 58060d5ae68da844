//! The sink's options as flags: made from the sink's own list, so that none can be forgotten.
//!
//! A flag is the option's key without `sink.`, dots as dashes; three have a short alias.

use std::path::Path;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use narthex_sink::{OPTIONS, OptionSpec, OptionType, PrometheusSink, PrometheusSinkBuilder};

use crate::mistakes::Mistakes;
use crate::same_file::Files;
use crate::signers::{self, AMP, AMP_OPTIONS};

/// The short names that appear everywhere.
const ALIASES: [(&str, &str); 3] = [
    ("sink.retry.max-retries", "max-retries"),
    ("sink.batch.max-size", "batch-samples"),
    ("sink.dead-letters.path", "dead-letters"),
];
const HEADING: &str = "Sink options";
/// The option that names the only file that the sink writes.
pub(crate) const DEAD_LETTERS: &str = "sink.dead-letters.path";
/// What is said of credentials that are given and empty.
pub(crate) const EMPTY_CREDENTIAL: &str =
    "is empty: is the variable that it comes from not set? leave the flag out to go without";

/// Where to write, and every option of the sink.
#[derive(Debug, Clone)]
pub(crate) struct SinkFlags {
    /// The receiver's URL.
    pub(crate) url: String,
    /// Key and value, as typed.
    pub(crate) options: Vec<(&'static str, String)>,
    signer: SignerFlags,
}

/// Flags of request signers.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Request signing")]
pub(crate) struct SignerFlags {
    /// Sign each attempt: `amazon-managed-prometheus` (SigV4, default credential chain) or `none`
    #[arg(long, value_name = "NAME", default_value = "none")]
    request_signer: String,
    /// AWS region; default: from the URL, the environment or the profile
    #[arg(long, value_name = "REGION")]
    aws_region: Option<String>,
    /// Profile of the AWS configuration files
    #[arg(long, value_name = "NAME")]
    aws_profile: Option<String>,
    /// Role to assume with the chain's credentials
    #[arg(long, value_name = "ARN")]
    aws_role_arn: Option<String>,
    /// External id for the role
    #[arg(long, value_name = "ID")]
    aws_external_id: Option<String>,
}

impl SinkFlags {
    /// A builder with everything that was typed, and a signer if one was asked for.
    pub(crate) async fn builder(&self, mistakes: &mut Mistakes) -> PrometheusSinkBuilder {
        let mut builder = PrometheusSink::builder(&self.url);
        for (key, value) in &self.options {
            builder = builder.set(key, value);
        }
        // Boxed: the AWS chain's future is large, and this runs once.
        Box::pin(self.signer.add_to(builder, &self.url, mistakes)).await
    }

    /// The value of an option, if it was typed.
    pub(crate) fn value_of(&self, key: &str) -> Option<&str> {
        self.options.iter().rev().find(|(k, _)| *k == key).map(|(_, value)| value.as_str())
    }

    /// Notes credentials that are there and empty: most likely a variable that is not set.
    pub(crate) fn check_credentials(&self, mistakes: &mut Mistakes) {
        for key in ["sink.auth.username", "sink.auth.password", "sink.auth.bearer-token"] {
            if self.value_of(key).is_some_and(|value| value.trim().is_empty()) {
                mistakes.add(flag_of(key).trim_start_matches('-'), EMPTY_CREDENTIAL);
            }
        }
    }

    /// The files that the options name: those that are read, and that of the dead letters.
    pub(crate) fn files(&self, files: &mut Files) {
        for option in OPTIONS.iter().filter(|option| matches!(option.option_type, OptionType::Path)) {
            match (self.value_of(option.key), option.key) {
                (None, _) => {}
                (Some(path), DEAD_LETTERS) => {
                    files.output("dead-letters", "the stream of dead letters", Path::new(path));
                }
                (Some(path), key) => files.setting(&format!("{} {path}", flag_of(key)), Path::new(path)),
            }
        }
    }

    /// Takes an option out, so that the caller can handle it.
    pub(crate) fn take(&mut self, key: &str) -> Option<String> {
        let value = self.value_of(key).map(str::to_owned);
        self.options.retain(|(k, _)| *k != key);
        value
    }
}

impl SignerFlags {
    async fn add_to(
        &self,
        builder: PrometheusSinkBuilder,
        url: &str,
        mistakes: &mut Mistakes,
    ) -> PrometheusSinkBuilder {
        let typed = [&self.aws_region, &self.aws_profile, &self.aws_role_arn, &self.aws_external_id];
        let typed = AMP_OPTIONS.iter().zip(typed);
        let options: Vec<(String, String)> =
            typed.filter_map(|(key, value)| value.clone().map(|value| ((*key).to_owned(), value))).collect();
        match self.request_signer.as_str() {
            "none" => {
                for (key, _) in options {
                    mistakes.add(&key.replace('.', "-"), format!("needs --request-signer {AMP}"));
                }
                builder
            }
            AMP => match mistakes.take("request-signer", signers::amp(url, &options).await) {
                Some(signer) => builder.signer(signer),
                None => builder,
            },
            other => {
                mistakes.add("request-signer", format!("{other:?} is not one of none, {AMP}"));
                builder
            }
        }
    }
}

/// The flag of an option, with its dashes.
pub(crate) fn flag_of(key: &str) -> String {
    match key {
        "metric.endpoint-url" => "--url".to_owned(),
        key if key.starts_with("sink.headers.") => format!("--headers {}", &key["sink.headers.".len()..]),
        key => format!("--{}", key.strip_prefix("sink.").unwrap_or(key).replace('.', "-")),
    }
}

/// Options' keys in a sentence, as the flags that were typed.
pub(crate) fn keys_as_flags(sentence: &str) -> String {
    let is_of_key = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    let (mut told, mut rest) = (String::new(), sentence);
    while let Some(at) = rest.find("sink.") {
        let end = rest[at..].find(|c| !is_of_key(c)).map_or(rest.len(), |length| at + length);
        let word = rest[at..end].trim_end_matches('.');
        let is_key = OPTIONS.iter().any(|option| option.key == word) && !rest[..at].ends_with(is_of_key);
        told.push_str(&rest[..at]);
        told.push_str(&if is_key { flag_of(word) } else { word.to_owned() });
        rest = &rest[at + word.len()..];
    }
    told + rest
}

fn arg_of(option: &'static OptionSpec) -> Arg {
    let long = flag_of(option.key).trim_start_matches('-').to_owned();
    let mut help = option.doc.trim_end_matches('.').to_owned();
    if let OptionType::Enum(words) = option.option_type {
        help = format!("{help} [possible values: {}]", words.join(", "));
    }
    if !option.default.is_empty() {
        help = format!("{help} [default: {}]", option.default);
    }
    let mut arg = Arg::new(option.key)
        .long(long)
        .value_name(value_name(option.option_type))
        .help(help)
        .help_heading(HEADING)
        .allow_hyphen_values(true)
        .action(ArgAction::Append);
    if let Some((_, alias)) = ALIASES.iter().find(|(key, _)| *key == option.key) {
        arg = arg.visible_alias(*alias);
    }
    arg
}

fn value_name(option_type: OptionType) -> &'static str {
    match option_type {
        OptionType::Integer => "N",
        OptionType::Duration | OptionType::DurationOrUnlimited => "DURATION",
        OptionType::MemorySize => "SIZE",
        OptionType::Path => "PATH",
        OptionType::Headers => "NAME=VALUE",
        OptionType::Enum(_) => "WORD",
        _ => "TEXT",
    }
}

impl Args for SinkFlags {
    fn augment_args(command: Command) -> Command {
        let url = Arg::new("url")
            .long("url")
            .value_name("URL")
            .required(true)
            .help("Where to write, for example http://localhost:9090/api/v1/write");
        let command = OPTIONS.iter().fold(command.arg(url), |command, option| command.arg(arg_of(option)));
        SignerFlags::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SinkFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        // Blanks around it come from copying, and no URL has any.
        let url = matches.get_one::<String>("url").map(|url| url.trim().to_owned()).unwrap_or_default();
        let mut options = Vec::new();
        for option in OPTIONS {
            let values = matches.get_many::<String>(option.key).unwrap_or_default();
            options.extend(values.map(|value| (option.key, value.clone())));
        }
        Ok(Self { url, options, signer: SignerFlags::from_arg_matches(matches)? })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_has_a_flag_of_its_own() {
        let command = SinkFlags::augment_args(Command::new("test"));
        command.debug_assert();
    }

    #[test]
    fn keys_are_told_as_flags_wherever_they_stand() {
        for (sentence, told) in [
            ("with sink.retry.max-time", "with --retry-max-time"),
            ("{\"m\":\"with sink.retry.max-time\"}\n", "{\"m\":\"with --retry-max-time\"}\n"),
            ("sink.auth.password, sink.auth.password-file.", "--auth-password, --auth-password-file."),
            ("sink. my.sink.shards sink.none sink.shards-x", "sink. my.sink.shards sink.none sink.shards-x"),
        ] {
            assert_eq!(keys_as_flags(sentence), told);
        }
    }

    #[test]
    fn the_short_names_work() {
        let command = SinkFlags::augment_args(Command::new("test"));
        let line =
            ["test", "--url", "u", "--max-retries", "3", "--batch-samples", "7", "--dead-letters", "d"];
        let flags = SinkFlags::from_arg_matches(&command.get_matches_from(line)).unwrap();
        assert_eq!(flags.value_of("sink.retry.max-retries"), Some("3"));
        assert_eq!(flags.value_of("sink.batch.max-size"), Some("7"));
        assert_eq!(flags.value_of("sink.dead-letters.path"), Some("d"));
    }
}
