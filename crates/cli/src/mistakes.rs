//! Mistakes in flags, collected so that one run shows all of them.

use std::fmt;

use narthex_sink::BuildError;

/// All mistakes of a command line; ends the program with exit code 64.
#[derive(Debug, Default)]
pub(crate) struct Mistakes(Vec<String>);

impl Mistakes {
    /// Notes a mistake in a flag.
    pub(crate) fn add(&mut self, flag: &str, problem: impl fmt::Display) {
        self.0.push(format!("--{flag}: {problem}"));
    }

    /// Notes the sink's mistakes under their flags' names.
    pub(crate) fn add_all(&mut self, error: BuildError) {
        for mistake in error.0 {
            let flag = crate::sink_flags::flag_of(&mistake.option);
            let problem = crate::sink_flags::keys_as_flags(&mistake.problem);
            self.0.push(format!("{flag}: {problem}"));
        }
    }

    /// Takes the value, or notes what is wrong with it.
    pub(crate) fn take<T>(&mut self, flag: &str, value: Result<T, impl fmt::Display>) -> Option<T> {
        value.map_err(|problem| self.add(flag, problem)).ok()
    }

    /// All of them as an error, if there is any.
    pub(crate) fn into_result(self) -> anyhow::Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(self.into()) }
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [one] => write!(f, "{one}"),
            many => {
                write!(f, "{} mistakes", many.len())?;
                many.iter().try_for_each(|mistake| write!(f, "\n  {mistake}"))
            }
        }
    }
}

impl std::error::Error for Mistakes {}
