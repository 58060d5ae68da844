//! JSON paths, compiled: `$.a['b'][0]..c[?(@.d > 1)]`, as Jayway's JsonPath takes them.

use super::filter::Filter;

/// A compiled path.
#[derive(Debug)]
pub(super) struct Path {
    pub(super) steps: Vec<Step>,
    pub(super) function: Option<Aggregate>,
}

/// One step from a value to others.
#[derive(Debug)]
pub(super) enum Step {
    /// Members of an object; several make an object of them.
    Members(Vec<String>),
    /// All members or items.
    All,
    /// Items by place; a negative one counts from the end.
    Items(Vec<i64>),
    /// Items from one place to before another.
    Slice(Option<i64>, Option<i64>),
    /// Items, or the object itself, of which this is true.
    Filter(Filter),
    /// The next step, of the value and of everything within it.
    Deep,
}

/// A function at the end of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aggregate {
    Length,
    Min,
    Max,
    Sum,
    Average,
}

/// Paths with more conditions are refused.
const MOST_FILTERS: usize = 50;
/// Paths with more steps are refused.
const LONGEST: usize = 1000;

impl Path {
    /// None when it is no path.
    pub(super) fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        // Conditions within conditions are read by functions within functions.
        if text.is_empty() || text.ends_with('.') || text.matches('?').count() > MOST_FILTERS {
            return None;
        }
        let with_root = if text.starts_with(['$', '@']) { text.to_owned() } else { format!("$.{text}") };
        let (path, rest) = Self::read(&with_root[1..])?;
        rest.is_empty().then_some(path)
    }

    /// Whether it can lead to more than one value.
    pub(super) fn has_many(&self) -> bool {
        self.steps.iter().any(|step| match step {
            Step::Members(names) => names.len() > 1,
            Step::Items(places) => places.len() > 1,
            Step::All | Step::Slice(..) | Step::Filter(_) | Step::Deep => true,
        })
    }

    /// Reads the steps behind `$` or `@`; gives what is no step any more.
    pub(super) fn read(text: &str) -> Option<(Self, &str)> {
        let (mut steps, mut function, mut rest) = (Vec::new(), None, text);
        while function.is_none() && steps.len() < LONGEST {
            if let Some(behind) = rest.strip_prefix("..") {
                steps.push(Step::Deep);
                rest = if behind.starts_with('[') {
                    bracket(behind, &mut steps)?
                } else {
                    member(behind, &mut steps, &mut function)?
                };
            } else if let Some(behind) = rest.strip_prefix('.') {
                rest = if behind.starts_with('[') {
                    bracket(behind, &mut steps)?
                } else {
                    member(behind, &mut steps, &mut function)?
                };
            } else if rest.starts_with('[') {
                rest = bracket(rest, &mut steps)?;
            } else {
                break;
            }
        }
        Some((Self { steps, function }, rest))
    }

    /// Whether it leads to one place at the most.
    pub(super) fn is_definite(&self) -> bool {
        self.steps.iter().all(|step| match step {
            Step::Members(_) => true,
            Step::Items(places) => places.len() == 1,
            _ => false,
        })
    }
}

/// `name`, `*` or `name()`, behind a point.
fn member<'a>(text: &'a str, steps: &mut Vec<Step>, function: &mut Option<Aggregate>) -> Option<&'a str> {
    if let Some(rest) = text.strip_prefix('*') {
        steps.push(Step::All);
        return Some(rest);
    }
    // What ends a name: within a filter also what can follow a path there.
    let end = text.find(|character: char| ".[( )=<>!&|,".contains(character)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if name.is_empty() {
        return None;
    }
    if let Some(rest) = rest.strip_prefix("()") {
        *function = Some(match name {
            "length" | "size" => Aggregate::Length,
            "min" => Aggregate::Min,
            "max" => Aggregate::Max,
            "sum" => Aggregate::Sum,
            "avg" => Aggregate::Average,
            _ => return None,
        });
        return Some(rest);
    }
    steps.push(Step::Members(vec![name.to_owned()]));
    Some(rest)
}

/// `['a','b']`, `[0]`, `[0,1]`, `[1:2]`, `[*]`, `[?(…)]`.
fn bracket<'a>(text: &'a str, steps: &mut Vec<Step>) -> Option<&'a str> {
    let inside = text.strip_prefix('[')?.trim_start();
    if let Some(rest) = inside.strip_prefix('*') {
        steps.push(Step::All);
        return rest.trim_start().strip_prefix(']');
    }
    if let Some(rest) = inside.strip_prefix('?') {
        let rest = rest.trim_start().strip_prefix('(')?;
        let (filter, rest) = Filter::read(rest)?;
        steps.push(Step::Filter(filter));
        return rest.trim_start().strip_prefix(')')?.trim_start().strip_prefix(']');
    }
    if inside.starts_with(['\'', '"']) {
        let (mut names, mut rest) = (Vec::new(), inside);
        loop {
            let (name, behind) = quoted(rest)?;
            names.push(name);
            rest = behind.trim_start();
            match rest.strip_prefix(',') {
                Some(behind) => rest = behind.trim_start(),
                None => break,
            }
        }
        steps.push(Step::Members(names));
        return rest.strip_prefix(']');
    }
    let (places, rest) = inside.split_once(']')?;
    let place = |text: &str| -> Option<Option<i64>> {
        let text = text.trim();
        if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) }
    };
    steps.push(if let Some((from, to)) = places.split_once(':') {
        // A third number makes no difference to Jayway.
        let to = to.split(':').next().unwrap_or(to);
        match (place(from)?, place(to)?) {
            (None, None) => return None,
            (from, to) => Step::Slice(from, to),
        }
    } else {
        Step::Items(places.split(',').map(|text| place(text)?).collect::<Option<_>>()?)
    });
    Some(rest)
}

/// A text in quotes of either kind.
pub(super) fn quoted(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|quote| "'\"".contains(*quote))?;
    let mut name = String::new();
    let mut characters = text[1..].char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => name.push(characters.next()?.1),
            _ if character == quote => return Some((name, &text[at + 2..])),
            _ => name.push(character),
        }
    }
    None
}
