//! `${env:NAME}` in the values of options: a convenience of this engine alone.

use narthex_sql::{AlterTable, Alteration, Mistake, OptionEntry, Script, Statement, StatementKind};

const OPEN: &str = "${env:";

/// Puts variables of the environment into option values of all tables, and tells `learn` of those. One that is not set
/// is a mistake.
pub(crate) fn expand(
    script: &mut Script,
    variable: impl Fn(&str) -> Option<String>,
    mut learn: impl FnMut(&OptionEntry),
) {
    let Script { statements, mistakes } = script;
    for option in statements.iter_mut().flat_map(options) {
        match expanded(option, &variable) {
            Ok(Some(value)) => {
                option.value = value;
                learn(option);
            }
            Ok(None) => {}
            Err(mistake) => mistakes.push(mistake),
        }
    }
}

/// All options of tables that a statement sets.
fn options(statement: &mut Statement) -> impl Iterator<Item = &mut OptionEntry> {
    let own = match &mut statement.kind {
        StatementKind::CreateTable(table) => table.options.as_mut_slice(),
        StatementKind::AlterTable(AlterTable { alteration: Alteration::Set(options), .. }) => options,
        _ => &mut [],
    };
    own.iter_mut().chain(statement.hints.iter_mut().flat_map(|hint| &mut hint.options))
}

/// Whether a value asks for a variable.
pub(crate) fn asks(value: &str) -> bool {
    value.contains(OPEN)
}

fn expanded(
    option: &OptionEntry,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<String>, Mistake> {
    if !asks(&option.value) {
        return Ok(None);
    }
    let (mut value, mut rest) = (String::new(), option.value.as_str());
    while let Some((before, after)) = rest.split_once(OPEN) {
        let Some((name, behind)) = after.split_once('}') else {
            return Err(Mistake::new(
                option.value_span,
                format!("{OPEN} without its }} in the value of {}", option.key),
            ));
        };
        let found = variable(name).ok_or_else(|| {
            Mistake::new(option.value_span, format!("the environment has no variable {name}"))
                .advise(format!("set it: {name}=… narthex run …"))
        })?;
        value.push_str(before);
        value.push_str(&found);
        rest = behind;
    }
    value.push_str(rest);
    Ok(Some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_of(value: &str) -> Result<String, String> {
        let mut script = narthex_sql::parse(&format!("CREATE TABLE t (a INT) WITH ('k' = '{value}')"));
        expand(&mut script, |name| (name == "HOST").then(|| "h:1".to_owned()), |_| {});
        if let Some(mistake) = script.mistakes.first() {
            return Err(mistake.message.clone());
        }
        let StatementKind::CreateTable(table) = &script.statements[0].kind else { panic!("no table") };
        Ok(table.options[0].value.clone())
    }

    #[test]
    fn variables_stand_for_their_values() {
        assert_eq!(value_of("plain $ {env:X} ${x}").unwrap(), "plain $ {env:X} ${x}");
        assert_eq!(value_of("http://${env:HOST}/w?${env:HOST}").unwrap(), "http://h:1/w?h:1");
        assert_eq!(value_of("${env:NOPE}").unwrap_err(), "the environment has no variable NOPE");
        assert_eq!(value_of("${env:HOST").unwrap_err(), "${env: without its } in the value of k");
    }
}
