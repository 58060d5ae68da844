//! Functions with words between their arguments: `EXTRACT(DAY FROM x)`, `TRIM(BOTH 'x' FROM y)`, …

use narthex_sql::ast::{CeilFloorKind, Expr};
use narthex_sql::{Mistake, Span};

use super::{Binder, logic};
use crate::bound::Bound;
use crate::functions;

impl Binder<'_> {
    /// Binds one of these calls: as any other, with its words beside its values.
    pub(super) fn special(&self, expr: &Expr, span: Span) -> Result<Bound, Mistake> {
        let word = |word: &dyn ToString| vec![word.to_string().to_uppercase()];
        let (name, values, words): (_, Vec<Bound>, _) = match expr {
            Expr::Extract { field, expr, .. } => ("EXTRACT", vec![self.bind(expr)?], word(field)),
            Expr::Ceil { expr, field } => return self.rounded("CEIL", expr, field, span),
            Expr::Floor { expr, field } => return self.rounded("FLOOR", expr, field, span),
            Expr::Position { expr, r#in } => {
                ("POSITION", vec![self.bind(expr)?, self.bind(r#in)?], Vec::new())
            }
            Expr::Substring { substring_from: None, .. } => {
                return Err(Mistake::new(span, "SUBSTRING needs to know where to begin")
                    .advise("write SUBSTRING(text FROM 1 FOR length)"));
            }
            Expr::Substring { expr, substring_from, substring_for, .. } => {
                let mut values = vec![self.bind(expr)?];
                for part in [substring_from, substring_for].into_iter().flatten() {
                    values.push(self.bind(part)?);
                }
                ("SUBSTRING", values, Vec::new())
            }
            Expr::Trim { expr, trim_where, trim_what, trim_characters: None } => {
                let mut values = vec![self.bind(expr)?];
                if let Some(what) = trim_what {
                    values.push(self.bind(what)?);
                }
                ("TRIM", values, trim_where.iter().flat_map(|side| word(side)).collect())
            }
            Expr::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
                let mut values = vec![self.bind(expr)?, self.bind(overlay_what)?, self.bind(overlay_from)?];
                if let Some(length) = overlay_for {
                    values.push(self.bind(length)?);
                }
                ("OVERLAY", values, Vec::new())
            }
            Expr::IsJson { expr, kind, unique_keys: None, negated } => {
                let words = kind.iter().flat_map(|kind| word(kind)).collect();
                let test = functions::call(self, "IS JSON", vec![self.bind(expr)?], words, span)?;
                return if *negated { logic::not(test, span) } else { Ok(test) };
            }
            other => return Err(Mistake::new(span, format!("{other} is not supported"))),
        };
        functions::call(self, name, values, words, span)
    }

    /// `FLOOR(x)`, `FLOOR(x TO unit)`.
    fn rounded(&self, name: &str, value: &Expr, field: &CeilFloorKind, span: Span) -> Result<Bound, Mistake> {
        let value = self.bind(value)?;
        let words = match field {
            CeilFloorKind::DateTimeField(field) => match field.to_string().to_uppercase().as_str() {
                "NODATETIME" => Vec::new(),
                unit => vec![unit.to_owned()],
            },
            CeilFloorKind::Scale(scale) => {
                return Err(Mistake::new(scale.span, format!("{name} does not take a scale"))
                    .advise("use ROUND(number, scale) or TRUNCATE(number, scale)"));
            }
        };
        functions::call(self, name, vec![value], words, span)
    }
}
