//! `BETWEEN SYMMETRIC`, and comparisons with `ANY`, `SOME` or `ALL` of a list.
//!
//! Both become calls whose names no function can have, for they hold a blank: `BETWEEN SYMMETRIC`, `= ANY`.

use sqlparser::ast::{Expr, Ident, UnaryOperator};
use sqlparser::dialect::Precedence;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

use super::{call, prec, unnamed};

/// Reads what stands behind `left`, if it is one of these.
pub(super) fn read(parser: &mut Parser<'_>, left: &Expr) -> Option<Result<Expr, ParserError>> {
    let is_negated = is_word(parser, 0, "NOT");
    let between = usize::from(is_negated);
    if is_word(parser, between, "BETWEEN") {
        let is_symmetric = is_word(parser, between + 1, "SYMMETRIC");
        if is_symmetric || is_word(parser, between + 1, "ASYMMETRIC") {
            return Some(range(parser, left, is_negated, is_symmetric));
        }
    }
    let operator = match parser.peek_token_ref().token {
        Token::Eq => "=",
        Token::Neq => "<>",
        Token::Lt => "<",
        Token::LtEq => "<=",
        Token::Gt => ">",
        Token::GtEq => ">=",
        _ => return None,
    };
    let quantifier = ["ANY", "SOME", "ALL"].into_iter().find(|word| is_word(parser, 1, word))?;
    let is_list = parser.peek_nth_token_ref(2).token == Token::LParen
        && !["SELECT", "WITH", "VALUES", "TABLE"].iter().any(|word| is_word(parser, 3, word));
    is_list.then(|| quantified(parser, left, operator, quantifier))
}

fn is_word(parser: &Parser<'_>, at: usize, wanted: &str) -> bool {
    matches!(&parser.peek_nth_token_ref(at).token,
        Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(wanted))
}

fn range(
    parser: &mut Parser<'_>,
    left: &Expr,
    is_negated: bool,
    is_symmetric: bool,
) -> Result<Expr, ParserError> {
    if is_negated {
        parser.advance_token();
    }
    let span = parser.next_token().span;
    parser.advance_token();
    let low = parser.parse_subexpr(prec(Precedence::Between))?;
    parser.expect_keyword(Keyword::AND)?;
    let high = parser.parse_subexpr(prec(Precedence::Between))?;
    let expr = Box::new(left.clone());
    if !is_symmetric {
        return Ok(Expr::Between { expr, negated: is_negated, low: Box::new(low), high: Box::new(high) });
    }
    let name = Ident::with_span(span, "BETWEEN SYMMETRIC");
    let between = call(name, [left.clone(), low, high].map(unnamed).into());
    Ok(match is_negated {
        true => Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(between) },
        false => between,
    })
}

fn quantified(
    parser: &mut Parser<'_>,
    left: &Expr,
    operator: &str,
    quantifier: &str,
) -> Result<Expr, ParserError> {
    let span = parser.next_token().span;
    parser.advance_token();
    parser.expect_token(&Token::LParen)?;
    let list = parser.parse_comma_separated(Parser::parse_expr)?;
    parser.expect_token(&Token::RParen)?;
    let quantifier = if quantifier == "SOME" { "ANY" } else { quantifier };
    let name = Ident::with_span(span, format!("{operator} {quantifier}"));
    let arguments = std::iter::once(left.clone()).chain(list).map(unnamed).collect();
    Ok(call(name, arguments))
}
