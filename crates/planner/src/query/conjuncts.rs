//! The conditions that must all be true, one by one: joins take what concerns them out of WHERE.

use std::cell::RefCell;

use narthex_sql::ast::{BinaryOperator, Expr};

/// Conditions of an AND, and which of them somebody has taken care of.
#[derive(Debug, Default)]
pub(super) struct Conjuncts<'a> {
    exprs: Vec<&'a Expr>,
    is_taken: RefCell<Vec<bool>>,
}

impl<'a> Conjuncts<'a> {
    pub(super) fn of(condition: Option<&'a Expr>) -> Self {
        let mut exprs = Vec::new();
        condition.into_iter().for_each(|condition| flatten(condition, &mut exprs));
        let is_taken = RefCell::new(vec![false; exprs.len()]);
        Self { exprs, is_taken }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.exprs.len()
    }

    /// Those that nobody has taken care of.
    pub(super) fn left(&self) -> Vec<&'a Expr> {
        let taken = self.is_taken.borrow();
        self.exprs
            .iter()
            .zip(taken.iter())
            .filter(|(_, is_taken)| !**is_taken)
            .map(|(expr, _)| *expr)
            .collect()
    }

    /// Offers each that is left; those for which the answer is yes are taken care of.
    pub(super) fn take(&self, mut takes: impl FnMut(&'a Expr) -> bool) {
        let mut taken = self.is_taken.borrow_mut();
        for (expr, is_taken) in self.exprs.iter().zip(taken.iter_mut()) {
            *is_taken = *is_taken || takes(expr);
        }
    }
}

fn flatten<'a>(condition: &'a Expr, exprs: &mut Vec<&'a Expr>) {
    match condition {
        Expr::Nested(inside) => flatten(inside, exprs),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            flatten(left, exprs);
            flatten(right, exprs);
        }
        other => exprs.push(other),
    }
}
