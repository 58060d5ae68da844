//! Flink's functions: by name, each says what it takes and what computes it.

mod arguments;
mod collections;
mod hashes;
mod java_number;
mod java_regex;
mod json;
mod missing;
mod numbers;
mod patterns;
mod rows;
mod strings;
mod time;

use narthex_sql::ast::{
    Expr, Function as Call, FunctionArg, FunctionArgExpr, FunctionArgOperator, FunctionArgumentClause,
    FunctionArgumentList, FunctionArguments, JsonNullClause, Spanned, Value,
};
use narthex_sql::{Mistake, Span, nearest};

pub(crate) use self::arguments::{Arguments, Clause, widen, widened};
pub use self::json::write_json_text;
use crate::bind::{Binder, refuse_bare_null};
use crate::bound::Bound;

/// A function that can be called by its name.
pub(crate) struct Function {
    /// In upper case.
    pub(crate) name: &'static str,
    /// How it is called, for messages and the guide: `UPPER(STRING)`.
    pub(crate) usage: &'static str,
    /// Checks the arguments and binds the call.
    pub(crate) bind: fn(Arguments<'_>) -> Result<Bound, Mistake>,
}

/// All functions, by group.
fn groups() -> Vec<&'static [Function]> {
    vec![
        strings::FUNCTIONS,
        patterns::FUNCTIONS,
        hashes::FUNCTIONS,
        numbers::FUNCTIONS,
        time::FUNCTIONS,
        json::FUNCTIONS,
        collections::FUNCTIONS,
    ]
}

fn all() -> impl Iterator<Item = &'static Function> {
    groups().into_iter().flatten()
}

/// Functions that the binder itself knows, since they do not compute all of their arguments, or find a common type.
const FORMS: [(&str, &str); 8] = [
    ("CAST", "CAST(value AS type)"),
    ("COALESCE", "COALESCE(value, …)"),
    ("GREATEST", "GREATEST(value, …)"),
    ("IF", "IF(condition, value, otherwise)"),
    ("IFNULL", "IFNULL(value, instead)"),
    ("LEAST", "LEAST(value, …)"),
    ("NULLIF", "NULLIF(value, value)"),
    ("TRY_CAST", "TRY_CAST(value AS type)"),
];

/// Functions whose arguments are no bare NULL.
const REFUSES_NULL: [&str; 61] = [
    "ABS",
    "ACOS",
    "ASCII",
    "ASIN",
    "ATAN",
    "ATAN2",
    "CEIL",
    "CEILING",
    "CHARACTER_LENGTH",
    "CHAR_LENGTH",
    "CHR",
    "CONCAT",
    "CONCAT_WS",
    "COS",
    "COSH",
    "COT",
    "DEGREES",
    "EXP",
    "FLOOR",
    "FROM_BASE64",
    "INITCAP",
    "INSTR",
    "JSON_ARRAY",
    "JSON_OBJECT",
    "JSON_VALUE",
    "LEFT",
    "LN",
    "LOCATE",
    "LOG10",
    "LOG2",
    "LOWER",
    "LPAD",
    "LTRIM",
    "MD5",
    "OVERLAY",
    "POSITION",
    "POWER",
    "RADIANS",
    "REGEXP_EXTRACT",
    "REPEAT",
    "REPLACE",
    "REVERSE",
    "RIGHT",
    "ROUND",
    "RPAD",
    "RTRIM",
    "SHA1",
    "SHA2",
    "SHA256",
    "SIGN",
    "SIN",
    "SPLIT_INDEX",
    "SQRT",
    "SUBSTR",
    "SUBSTRING",
    "TAN",
    "TO_BASE64",
    "TO_DATE",
    "TO_TIMESTAMP",
    "TRIM",
    "UPPER",
];

/// Every function with how it is called, sorted by name: for SHOW FUNCTIONS and the guide.
pub fn function_usages() -> impl Iterator<Item = (&'static str, &'static str)> {
    let mut usages: Vec<_> = all().map(|function| (function.name, function.usage)).chain(FORMS).collect();
    usages.sort_unstable();
    usages.into_iter()
}

/// What to say of a name that is no function's.
pub(crate) fn missing(name: &str, span: Span) -> Option<Mistake> {
    let is_form = FORMS.iter().any(|(form, _)| *form == name);
    if is_form { None } else { find(name, span).err() }
}

/// The function of a name in upper case.
fn find(name: &str, span: Span) -> Result<&'static Function, Mistake> {
    if let Some(function) = all().find(|function| function.name == name) {
        return Ok(function);
    }
    if let Some(mistake) = missing::known(name, span) {
        return Err(mistake);
    }
    let advice = nearest(name, function_usages().map(|(name, _)| name));
    let advice = advice.map(|name| format!("; did you mean {name}?")).unwrap_or_default();
    Err(Mistake::new(span, format!("there is no function {name}{advice}")))
}

/// Binds a form that SQL writes with words instead of commas, by the name of its function. `words` are time units
/// (`EXTRACT(DAY FROM x)`) and sides (`TRIM(LEADING x FROM y)`), in upper case. The values stand in the order of the
/// plain call: text, position and length; for TRIM the text and then what is trimmed; for POSITION what is sought and
/// then the text; for `IS JSON` the text, with the kind as a word.
pub(crate) fn call(
    binder: &Binder<'_>,
    name: &str,
    values: Vec<Bound>,
    words: Vec<String>,
    span: Span,
) -> Result<Bound, Mistake> {
    let function = find(name, span)?;
    let environment = binder.environment;
    let (clauses, json_calls) = (Vec::new(), Vec::new());
    let arguments = Arguments { function, values, words, clauses, json_calls, span, environment };
    refuse_null(&arguments)?;
    (function.bind)(arguments)
}

/// Binds a call by name.
pub(crate) fn bind(binder: &Binder<'_>, call: &Call) -> Result<Bound, Mistake> {
    let span = call.span();
    let name = call.name.to_string().to_uppercase();
    let function = find(&name, span)?;
    let environment = binder.environment;
    if ["POSITION", "OVERLAY"].contains(&function.name) {
        let message = format!("{} takes words between its arguments, not commas", function.name);
        return Err(Mistake::new(span, message).advise(format!("write {}", function.usage)));
    }
    let mut arguments = Arguments {
        function,
        values: Vec::new(),
        words: Vec::new(),
        clauses: Vec::new(),
        json_calls: Vec::new(),
        span,
        environment,
    };
    if let FunctionArguments::List(list) = &call.args {
        take_list(binder, list, &mut arguments)?;
    }
    refuse_null(&arguments)?;
    (function.bind)(arguments)
}

/// Flink's oldest functions take no bare NULL: its parser asks for a type.
fn refuse_null(arguments: &Arguments<'_>) -> Result<(), Mistake> {
    if !REFUSES_NULL.contains(&arguments.function.name) {
        return Ok(());
    }
    refuse_bare_null(&arguments.values.iter().collect::<Vec<_>>())
}

fn take_list(
    binder: &Binder<'_>,
    list: &FunctionArgumentList,
    arguments: &mut Arguments<'_>,
) -> Result<(), Mistake> {
    let starts_with_unit = ["TIMESTAMPADD", "TIMESTAMPDIFF"].contains(&arguments.function.name);
    for (at, argument) in list.args.iter().enumerate() {
        match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Identifier(word)))
                if at == 0 && starts_with_unit =>
            {
                arguments.words.push(word.value.to_uppercase());
            }
            FunctionArg::Unnamed(_) if arguments.function.name == "JSON_OBJECT" => {
                return Err(Mistake::new(argument.span(), "a key and its value have VALUE between them")
                    .advise("write JSON_OBJECT('key' VALUE value)"));
            }
            FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => push(binder, expr, arguments)?,
            // JSON_OBJECT('key' VALUE x)
            FunctionArg::ExprNamed {
                name,
                arg: FunctionArgExpr::Expr(value),
                operator: FunctionArgOperator::Value | FunctionArgOperator::Colon,
            } => {
                push(binder, name, arguments)?;
                push(binder, value, arguments)?;
            }
            FunctionArg::Named { name, arg: FunctionArgExpr::Expr(expr), .. } => {
                arguments.clauses.push((name.value.clone(), clause(binder, expr)?));
            }
            other => {
                let message = format!("{} does not take {other}", arguments.function.name);
                return Err(Mistake::new(other.span(), message));
            }
        }
    }
    for clause in &list.clauses {
        if let FunctionArgumentClause::JsonNullClause(on_null) = clause {
            let word = if *on_null == JsonNullClause::NullOnNull { "NULL" } else { "ABSENT" };
            arguments.clauses.push(("ON NULL".to_owned(), Clause::Word(word.to_owned())));
        }
    }
    Ok(())
}

/// Whether an expression makes JSON that stands as it is within other JSON.
pub(crate) fn makes_json(expr: &Expr) -> bool {
    let Expr::Function(call) = expr else { return false };
    let name = call.name.to_string();
    ["JSON", "JSON_ARRAY", "JSON_OBJECT"].iter().any(|json| name.eq_ignore_ascii_case(json))
}

fn push(binder: &Binder<'_>, expr: &Expr, arguments: &mut Arguments<'_>) -> Result<(), Mistake> {
    if makes_json(expr) {
        arguments.json_calls.push(arguments.values.len());
    }
    arguments.values.push(binder.bind(expr)?);
    Ok(())
}

/// A clause of a JSON function: see `json.rs` of narthex-sql's dialect.
fn clause(binder: &Binder<'_>, expr: &Expr) -> Result<Clause, Mistake> {
    Ok(match expr {
        Expr::Identifier(word) => Clause::Word(word.value.to_uppercase()),
        Expr::Prefixed { value, .. } => Clause::Default(binder.bind(value)?),
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Clause::Text(text.clone()),
            _ => Clause::Default(binder.bind(expr)?),
        },
        _ => Clause::Default(binder.bind(expr)?),
    })
}

#[cfg(test)]
mod tests;
