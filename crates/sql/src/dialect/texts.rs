//! `TRIM` and `POSITION`, whose words sqlparser reads only in part.

use sqlparser::ast::{Expr, Ident};
use sqlparser::dialect::Precedence;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

use super::{call, prec, unnamed};
use crate::fault::{expected, fault};

/// `TRIM([LEADING | TRAILING | BOTH] [characters] [FROM] text)`.
pub(super) fn trim(parser: &mut Parser<'_>) -> Result<Expr, ParserError> {
    parser.advance_token();
    parser.expect_token(&Token::LParen)?;
    let sides = [Keyword::LEADING, Keyword::TRAILING, Keyword::BOTH];
    let trim_where = match parser.peek_one_of_keywords(&sides) {
        Some(_) => Some(parser.parse_trim_where()?),
        None => None,
    };
    let mut trim_what = None;
    let from = parser.peek_token();
    if trim_where.is_none() && parser.peek_keyword(Keyword::FROM) {
        return Err(fault("there is nothing before FROM; write TRIM(text) or TRIM('x' FROM text)", &from));
    }
    if !parser.parse_keyword(Keyword::FROM) {
        let value = parser.parse_expr()?;
        if !parser.parse_keyword(Keyword::FROM) {
            end(parser, "FROM or ); characters to trim stand before the text, as in TRIM('x' FROM text)")?;
            let expr = Box::new(value);
            return Ok(Expr::Trim { expr, trim_where, trim_what, trim_characters: None });
        }
        trim_what = Some(Box::new(value));
    }
    let expr = Box::new(parser.parse_expr()?);
    end(parser, ")")?;
    Ok(Expr::Trim { expr, trim_where, trim_what, trim_characters: None })
}

/// `POSITION(sought IN text [FROM start])`: with a start it is a call of three arguments.
pub(super) fn position(parser: &mut Parser<'_>) -> Result<Expr, ParserError> {
    // With FROM it is what LOCATE does, whose arguments stand between commas.
    let name = Ident::with_span(parser.next_token().span, "LOCATE");
    parser.expect_token(&Token::LParen)?;
    let expr = parser.parse_subexpr(prec(Precedence::Between))?;
    if !parser.parse_keyword(Keyword::IN) {
        return expected("IN, as in POSITION(sought IN text)", parser.peek_token_ref());
    }
    let text = parser.parse_expr()?;
    if !parser.parse_keyword(Keyword::FROM) {
        end(parser, "FROM or )")?;
        return Ok(Expr::Position { expr: Box::new(expr), r#in: Box::new(text) });
    }
    let start = parser.parse_expr()?;
    end(parser, ")")?;
    Ok(call(name, [expr, text, start].map(unnamed).into()))
}

fn end(parser: &mut Parser<'_>, what: &str) -> Result<(), ParserError> {
    if parser.consume_token(&Token::RParen) {
        return Ok(());
    }
    expected(what, parser.peek_token_ref())
}
