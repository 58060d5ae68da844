//! The expressions inside of an expression.

use narthex_sql::ast::{
    AccessExpr, CeilFloorKind, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Subscript,
};

/// Those that are bound by themselves. What no rule asks for is left out: this is for finding more mistakes.
pub(crate) fn of(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Nested(inside) => vec![inside],
        Expr::UnaryOp { expr, .. }
        | Expr::Cast { expr, .. }
        | Expr::IsTrue(expr)
        | Expr::IsNotTrue(expr)
        | Expr::IsFalse(expr)
        | Expr::IsNotFalse(expr)
        | Expr::IsUnknown(expr)
        | Expr::IsNotUnknown(expr)
        | Expr::IsNull(expr)
        | Expr::IsNotNull(expr)
        | Expr::IsJson { expr, .. }
        | Expr::Extract { expr, .. }
        | Expr::Ceil { expr, field: CeilFloorKind::DateTimeField(_) }
        | Expr::Floor { expr, field: CeilFloorKind::DateTimeField(_) } => vec![expr],
        Expr::BinaryOp { left, right, .. }
        | Expr::IsDistinctFrom(left, right)
        | Expr::IsNotDistinctFrom(left, right) => vec![left, right],
        Expr::Like { expr, pattern, .. } | Expr::SimilarTo { expr, pattern, .. } => vec![expr, pattern],
        Expr::Between { expr, low, high, .. } => vec![expr, low, high],
        Expr::InList { expr, list, .. } => std::iter::once(&**expr).chain(list).collect(),
        Expr::Position { expr, r#in } => vec![expr, r#in],
        Expr::Case { operand, conditions, else_result, .. } => {
            let branches = conditions.iter().flat_map(|when| [&when.condition, &when.result]);
            operand.as_deref().into_iter().chain(branches).chain(else_result.as_deref()).collect()
        }
        Expr::Substring { expr, substring_from, substring_for, .. } => std::iter::once(&**expr)
            .chain(substring_from.as_deref())
            .chain(substring_for.as_deref())
            .collect(),
        Expr::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
            [&**expr, overlay_what, overlay_from].into_iter().chain(overlay_for.as_deref()).collect()
        }
        Expr::Trim { expr, trim_what, .. } => trim_what.as_deref().into_iter().chain([&**expr]).collect(),
        Expr::Array(array) => array.elem.iter().collect(),
        Expr::Tuple(fields) => fields.iter().collect(),
        Expr::CompoundFieldAccess { root, access_chain } => {
            let indexes = access_chain.iter().filter_map(|access| match access {
                AccessExpr::Subscript(Subscript::Index { index }) => Some(index),
                _ => None,
            });
            std::iter::once(&**root).chain(indexes).collect()
        }
        Expr::Function(call) => {
            // A unit of time is no column.
            let name = call.name.to_string();
            let has_unit = ["TIMESTAMPADD", "TIMESTAMPDIFF"].iter().any(|of| name.eq_ignore_ascii_case(of));
            arguments(call).into_iter().skip(usize::from(has_unit)).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether an expression names no column, as far as one can see.
pub(crate) fn is_constant(expr: &Expr) -> bool {
    match expr {
        Expr::Value(_) | Expr::TypedString(_) | Expr::Interval(_) => true,
        Expr::Function(call) => match &call.args {
            FunctionArguments::List(list) => {
                let arguments = arguments(call);
                arguments.len() == list.args.len() && arguments.into_iter().all(is_constant)
            }
            FunctionArguments::None => true,
            FunctionArguments::Subquery(_) => false,
        },
        other => {
            let inside = of(other);
            !inside.is_empty() && inside.into_iter().all(is_constant)
        }
    }
}

/// The arguments of a call that are expressions and have no name.
pub(crate) fn arguments(call: &Function) -> Vec<&Expr> {
    let FunctionArguments::List(list) = &call.args else { return Vec::new() };
    let expressions = list.args.iter().filter_map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    });
    expressions.collect()
}
