//! `JSON_VALUE`, `JSON_QUERY` and `JSON_EXISTS`, whose clauses stand between the parentheses, `JSON_OBJECT` and
//! `JSON_OBJECTAGG`.
//!
//! Each of the first three becomes a call with the two arguments that all have, and its clauses as named ones:
//! `RETURNING`, `WRAPPER`, `ON EMPTY`, `ON ERROR`. The last two have pairs of a key and a value.

use sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, FunctionArgOperator, FunctionArgumentClause, FunctionArguments,
    Ident, JsonNullClause, Value,
};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

use super::{named, unnamed};
use crate::fault::expected;
use crate::types;

/// Whether a call of this name has clauses.
pub(super) fn is_function(name: &str) -> bool {
    ["JSON_VALUE", "JSON_QUERY", "JSON_EXISTS"].iter().any(|json| name.eq_ignore_ascii_case(json))
}

pub(super) fn call(parser: &mut Parser<'_>) -> Result<Expr, ParserError> {
    let name = parser.parse_identifier()?;
    parser.expect_token(&Token::LParen)?;
    let mut arguments = vec![unnamed(parser.parse_expr()?)];
    parser.expect_token(&Token::Comma)?;
    arguments.push(unnamed(parser.parse_expr()?));
    while !parser.consume_token(&Token::RParen) {
        arguments.push(clause(parser)?);
    }
    Ok(super::call(name, arguments))
}

/// `JSON_OBJECT([[KEY] key VALUE value | key : value], … [{NULL | ABSENT} ON NULL])`.
pub(super) fn object(parser: &mut Parser<'_>) -> Result<Expr, ParserError> {
    let name = parser.parse_identifier()?;
    parser.expect_token(&Token::LParen)?;
    let mut pairs = Vec::new();
    let mut on_null = null_clause(parser)?;
    if on_null.is_none() && parser.peek_token_ref().token != Token::RParen {
        loop {
            pairs.push(pair(parser)?);
            if !parser.consume_token(&Token::Comma) {
                break;
            }
        }
        on_null = null_clause(parser)?;
    }
    if !parser.consume_token(&Token::RParen) {
        return expected(", NULL ON NULL, ABSENT ON NULL or )", parser.peek_token_ref());
    }
    Ok(with_null_clause(super::call(name, pairs), on_null))
}

/// `JSON_OBJECTAGG([KEY] key VALUE value [{NULL | ABSENT} ON NULL])`.
pub(super) fn object_aggregate(parser: &mut Parser<'_>) -> Result<Expr, ParserError> {
    let name = parser.parse_identifier()?;
    parser.expect_token(&Token::LParen)?;
    let pair = pair(parser)?;
    let on_null = null_clause(parser)?;
    if !parser.consume_token(&Token::RParen) {
        return expected("NULL ON NULL, ABSENT ON NULL or )", parser.peek_token_ref());
    }
    let next = parser.peek_token_ref();
    if let Token::Word(word) = &next.token
        && matches!(word.keyword, Keyword::FILTER | Keyword::OVER)
    {
        return expected(
            "no FILTER and no OVER behind JSON_OBJECTAGG: select such rows first, in a sub-query",
            next,
        );
    }
    Ok(with_null_clause(super::call(name, vec![pair]), on_null))
}

fn with_null_clause(call: Expr, on_null: Option<JsonNullClause>) -> Expr {
    let mut call = call;
    if let Expr::Function(function) = &mut call
        && let FunctionArguments::List(list) = &mut function.args
    {
        list.clauses.extend(on_null.map(FunctionArgumentClause::JsonNullClause));
    }
    call
}

fn pair(parser: &mut Parser<'_>) -> Result<FunctionArg, ParserError> {
    let is_column = match &parser.peek_nth_token_ref(1).token {
        Token::Word(word) => word.keyword == Keyword::VALUE,
        other => matches!(other, Token::Colon | Token::Period),
    };
    if !is_column {
        let _ = parser.parse_keyword(Keyword::KEY);
    }
    let name = parser.parse_expr()?;
    let operator = if parser.parse_keyword(Keyword::VALUE) {
        FunctionArgOperator::Value
    } else if parser.consume_token(&Token::Colon) {
        FunctionArgOperator::Colon
    } else {
        return expected("VALUE or :, as in JSON_OBJECT('key' VALUE value)", parser.peek_token_ref());
    };
    Ok(FunctionArg::ExprNamed { name, arg: FunctionArgExpr::Expr(parser.parse_expr()?), operator })
}

fn null_clause(parser: &mut Parser<'_>) -> Result<Option<JsonNullClause>, ParserError> {
    // NULL may also be a key, though a wrong one.
    let clause = match parser.peek_nth_token_ref(1).token.to_string().to_uppercase().as_str() {
        "ON" if parser.parse_keyword(Keyword::NULL) => JsonNullClause::NullOnNull,
        "ON" if parser.parse_keyword(Keyword::ABSENT) => JsonNullClause::AbsentOnNull,
        _ => return Ok(None),
    };
    parser.expect_keywords(&[Keyword::ON, Keyword::NULL])?;
    Ok(Some(clause))
}

fn clause(parser: &mut Parser<'_>) -> Result<FunctionArg, ParserError> {
    if parser.parse_keyword(Keyword::RETURNING) {
        let data_type = types::parse_bare(parser)?.to_string();
        return Ok(named("RETURNING", Expr::value(Value::SingleQuotedString(data_type))));
    }
    if parser.peek_one_of_keywords(&[Keyword::WITH, Keyword::WITHOUT]).is_some() {
        return wrapper(parser);
    }
    let token = parser.next_token();
    let behaviour = match token.token.to_string().to_uppercase().as_str() {
        "DEFAULT" => {
            let value = Box::new(parser.parse_expr()?);
            Expr::Prefixed { prefix: Ident::with_span(token.span, "DEFAULT"), value }
        }
        word @ ("NULL" | "ERROR" | "TRUE" | "FALSE" | "UNKNOWN") => {
            Expr::Identifier(Ident::with_span(token.span, word))
        }
        "EMPTY" => {
            let what = parser.expect_one_of_keywords(&[Keyword::ARRAY, Keyword::OBJECT])?;
            Expr::Identifier(Ident::with_span(token.span, format!("EMPTY {what:?}")))
        }
        _ => return expected("RETURNING, NULL, ERROR, DEFAULT or )", &token),
    };
    parser.expect_keyword(Keyword::ON)?;
    let when = parser.expect_one_of_keywords(&[Keyword::EMPTY, Keyword::ERROR])?;
    Ok(named(if when == Keyword::EMPTY { "ON EMPTY" } else { "ON ERROR" }, behaviour))
}

/// `WITHOUT | WITH [CONDITIONAL | UNCONDITIONAL]`, then `[ARRAY] WRAPPER`.
fn wrapper(parser: &mut Parser<'_>) -> Result<FunctionArg, ParserError> {
    let first = parser.next_token();
    let mut kind = first.token.to_string().to_uppercase();
    loop {
        let token = parser.next_token();
        match token.token.to_string().to_uppercase().as_str() {
            "WRAPPER" => return Ok(named("WRAPPER", Expr::Identifier(Ident::with_span(first.span, kind)))),
            word @ ("CONDITIONAL" | "UNCONDITIONAL") if kind == "WITH" => kind = format!("{kind} {word}"),
            "ARRAY" => {}
            _ => return expected("WRAPPER", &token),
        }
    }
}
