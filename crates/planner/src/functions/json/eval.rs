//! What a JSON path finds in a value.

use super::path::{Aggregate, Path, Step};
use super::value::{Decimal, Json};
use crate::functions::java_number;

/// A path that leads to one place finds what is there; any other finds an array, maybe an empty one.
#[derive(Debug)]
pub(super) enum Answer<'a> {
    One(&'a Json),
    Made(Json),
}

/// Nothing is there.
#[derive(Debug)]
pub(super) struct NotFound(pub(super) String);

fn not_found<T>(message: impl Into<String>) -> Result<T, NotFound> {
    Err(NotFound(message.into()))
}

/// What the path finds from a value on, in a document.
pub(super) fn find<'a>(path: &Path, from: &'a Json, root: &'a Json) -> Result<Answer<'a>, NotFound> {
    let answer = if path.is_definite() {
        one(&path.steps, from)?
    } else {
        let mut found = Vec::new();
        all(&path.steps, from, root, true, &mut found)?;
        Answer::Made(Json::Array(found))
    };
    match path.function {
        None => Ok(answer),
        Some(function) => {
            let value = match &answer {
                Answer::One(value) => value,
                Answer::Made(value) => value,
            };
            function.of(value).map(Answer::Made)
        }
    }
}

/// Steps that lead to one place.
fn one<'a>(steps: &[Step], from: &'a Json) -> Result<Answer<'a>, NotFound> {
    let mut value = from;
    for (at, step) in steps.iter().enumerate() {
        value = match step {
            Step::Members(names) if names.len() > 1 => {
                if at + 1 < steps.len() {
                    return not_found("several members have no further steps");
                }
                return several(names, value).map(Answer::Made);
            }
            Step::Members(names) => member(&names[0], value)?,
            Step::Items(places) => item(places[0], value)?,
            _ => return not_found("the path leads to more than one place"),
        };
    }
    Ok(Answer::One(value))
}

fn member<'a>(name: &str, value: &'a Json) -> Result<&'a Json, NotFound> {
    let Json::Object(fields) = value else {
        return not_found(format!("{name} is sought in what is no object"));
    };
    match fields.iter().find(|(key, _)| key == name) {
        Some((_, value)) => Ok(value),
        None => not_found(format!("there is no member {name}")),
    }
}

fn several(names: &[String], value: &Json) -> Result<Json, NotFound> {
    let Json::Object(fields) = value else { return not_found("members are sought in what is no object") };
    Ok(Json::Object(fields.iter().filter(|(key, _)| names.contains(key)).cloned().collect()))
}

fn item(place: i64, value: &Json) -> Result<&Json, NotFound> {
    let Json::Array(items) = value else {
        return not_found(format!("item {place} is sought in what is no array"));
    };
    let at = if place < 0 { place + items.len() as i64 } else { place };
    match usize::try_from(at).ok().and_then(|at| items.get(at)) {
        Some(value) => Ok(value),
        None => not_found(format!("there is no item {place}")),
    }
}

/// Everything that the steps lead to. As long as only one place can be meant, it must be there.
fn all(
    steps: &[Step],
    from: &Json,
    root: &Json,
    is_definite: bool,
    found: &mut Vec<Json>,
) -> Result<(), NotFound> {
    let Some((step, rest)) = steps.split_first() else {
        found.push(from.clone());
        return Ok(());
    };
    match step {
        Step::Members(names) if names.len() > 1 => match several(names, from) {
            Ok(made) => all(rest, &made, root, is_definite, found),
            Err(error) if is_definite => Err(error),
            Err(_) => Ok(()),
        },
        Step::Members(names) => go_on(member(&names[0], from), rest, root, is_definite, found),
        Step::Items(places) if places.len() == 1 => {
            go_on(item(places[0], from), rest, root, is_definite, found)
        }
        Step::Items(places) => {
            needs_array(from, is_definite)?;
            places.iter().try_for_each(|place| go_on(item(*place, from), rest, root, false, found))
        }
        Step::Slice(start, end) => {
            needs_array(from, is_definite)?;
            let Json::Array(items) = from else { return Ok(()) };
            slice(items, *start, *end).iter().try_for_each(|item| all(rest, item, root, false, found))
        }
        Step::All => children(from).try_for_each(|child| all(rest, child, root, false, found)),
        Step::Filter(filter) => match from {
            Json::Array(items) => {
                let accepted = items.iter().filter(|item| filter.accepts(item, root));
                accepted.into_iter().try_for_each(|item| all(rest, item, root, false, found))
            }
            Json::Object(_) if filter.accepts(from, root) => all(rest, from, root, false, found),
            _ => Ok(()),
        },
        Step::Deep => deep(rest, from, root, found),
    }
}

fn needs_array(value: &Json, is_definite: bool) -> Result<(), NotFound> {
    if is_definite && !matches!(value, Json::Array(_)) {
        return not_found("items are sought in what is no array");
    }
    Ok(())
}

fn go_on(
    next: Result<&Json, NotFound>,
    rest: &[Step],
    root: &Json,
    is_definite: bool,
    found: &mut Vec<Json>,
) -> Result<(), NotFound> {
    match next {
        Ok(value) => all(rest, value, root, is_definite, found),
        Err(error) if is_definite => Err(error),
        Err(_) => Ok(()),
    }
}

/// The steps from a value, and then from everything within it.
fn deep(steps: &[Step], from: &Json, root: &Json, found: &mut Vec<Json>) -> Result<(), NotFound> {
    all(steps, from, root, false, found)?;
    children(from).filter(|child| !child.is_scalar()).try_for_each(|child| deep(steps, child, root, found))
}

fn children(value: &Json) -> Box<dyn Iterator<Item = &Json> + '_> {
    match value {
        Json::Array(items) => Box::new(items.iter()),
        Json::Object(fields) => Box::new(fields.iter().map(|(_, value)| value)),
        _ => Box::new(std::iter::empty()),
    }
}

/// Only an end that stands alone, and a beginning that does, can count from the end.
fn slice(items: &[Json], start: Option<i64>, end: Option<i64>) -> &[Json] {
    let count = items.len() as i64;
    let (from, to) = match (start, end) {
        (Some(start), None) => (if start < 0 { start + count } else { start }.max(0), count),
        (None, Some(end)) => (0, if end < 0 { end + count } else { end }),
        (start, end) => (start.unwrap_or(0).max(0), end.unwrap_or(count)),
    };
    let (from, to) = (from.min(count), to.min(count));
    if from >= to { &[] } else { &items[from as usize..to as usize] }
}

impl Aggregate {
    fn of(self, value: &Json) -> Result<Json, NotFound> {
        if self == Self::Length {
            return match value {
                Json::Array(items) => Ok(Json::Integer(items.len().to_string())),
                Json::Object(fields) => Ok(Json::Integer(fields.len().to_string())),
                _ => Ok(Json::Null),
            };
        }
        let Json::Array(items) = value else { return not_found("only an array has a sum") };
        let numbers: Vec<f64> = items.iter().filter_map(Json::to_f64).collect();
        if numbers.is_empty() {
            return not_found("there are no numbers");
        }
        let sum: f64 = numbers.iter().sum();
        let value = match self {
            Self::Min => numbers.iter().copied().fold(f64::INFINITY, f64::min),
            Self::Max => numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            Self::Average => sum / numbers.len() as f64,
            _ => sum,
        };
        Ok(Json::Decimal(Decimal::parse(&java_number::double(value))))
    }
}
