//! What sqlparser must know of Flink SQL: how names are quoted, and expressions that it does not take by itself.

mod comparisons;
mod json;
mod texts;

use std::any::TypeId;

use sqlparser::ast::{
    CastKind, DataType as AstType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgOperator,
    FunctionArgumentList, FunctionArguments, Ident, ObjectName, Spanned,
};
use sqlparser::dialect::{Dialect, GenericDialect, Precedence};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, Word};

use crate::reserved::is_reserved;
use crate::{ddl, types};

/// Flink SQL: names in back quotes, text in single quotes.
#[derive(Debug, Clone, Copy, Default)]
pub struct FlinkDialect;

impl Dialect for FlinkDialect {
    // Where sqlparser asks which dialect it is, the most general answer.
    fn dialect(&self) -> TypeId {
        TypeId::of::<GenericDialect>()
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ch == '`'
    }

    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_alphabetic() || ch == '_'
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        ch.is_alphanumeric() || ch == '_' || ch == '$'
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }

    fn supports_window_clause_named_window_reference(&self) -> bool {
        true
    }

    fn supports_group_by_expr(&self) -> bool {
        true
    }

    fn supports_unicode_string_literal(&self) -> bool {
        true
    }

    fn supports_named_fn_args_with_expr_name(&self) -> bool {
        true
    }

    fn supports_table_versioning(&self) -> bool {
        true
    }

    fn supports_subquery_as_function_arg(&self) -> bool {
        true
    }

    fn require_interval_qualifier(&self) -> bool {
        true
    }

    // `FROM t INSERT INTO …` lacks a semicolon, not an AS.
    fn is_column_alias(&self, keyword: &Keyword, _parser: &mut Parser<'_>) -> bool {
        !is_reserved(&format!("{keyword:?}"))
    }

    fn is_table_alias(&self, keyword: &Keyword, parser: &mut Parser<'_>) -> bool {
        !is_reserved(&format!("{keyword:?}")) && GenericDialect {}.is_table_alias(keyword, parser)
    }

    fn supports_string_literal_concatenation_with_newline(&self) -> bool {
        true
    }

    fn parse_prefix(&self, parser: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
        let word = match &parser.peek_token_ref().token {
            Token::Word(word) if word.quote_style.is_none() => word.clone(),
            _ => return None,
        };
        let next = parser.peek_nth_token(1).token;
        match (word.keyword, next) {
            (Keyword::CAST | Keyword::TRY_CAST, Token::LParen) => Some(cast(parser, word.keyword)),
            (Keyword::MAP, Token::LBracket) => Some(map(parser)),
            // TUMBLE(TABLE t, …)
            (Keyword::TABLE, Token::Word(_)) => Some(table_argument(parser, &word)),
            (Keyword::TRIM, Token::LParen) => Some(texts::trim(parser)),
            (Keyword::POSITION, Token::LParen) => Some(texts::position(parser)),
            (_, Token::LParen) if word.value.eq_ignore_ascii_case("JSON_OBJECT") => {
                Some(json::object(parser))
            }
            (_, Token::LParen) if word.value.eq_ignore_ascii_case("JSON_OBJECTAGG") => {
                Some(json::object_aggregate(parser))
            }
            (_, Token::LParen) if json::is_function(&word.value) => Some(json::call(parser)),
            _ => None,
        }
    }

    fn parse_infix(
        &self,
        parser: &mut Parser<'_>,
        expr: &Expr,
        _precedence: u8,
    ) -> Option<Result<Expr, ParserError>> {
        match expr {
            // SESSION((SELECT …) PARTITION BY …, …)
            Expr::Subquery(query) if parser.parse_keywords(&[Keyword::PARTITION, Keyword::BY]) => {
                let span = query.span();
                let table = Ident::with_span(span, "TABLE");
                let arguments = vec![unnamed(Expr::Subquery(query.clone()))];
                Some(partitioned(parser, table, arguments))
            }
            _ => comparisons::read(parser, expr),
        }
    }

    fn get_next_precedence(&self, parser: &Parser<'_>) -> Option<Result<u8, ParserError>> {
        // A colon stands between a key and its value in JSON_OBJECT, and is no operator.
        if parser.peek_token_ref().token == Token::Colon {
            return Some(Ok(0));
        }
        // PARTITION BY behind a query that is a table function's table.
        let is = |at: usize, keyword: Keyword| matches!(&parser.peek_nth_token_ref(at).token, Token::Word(word) if word.keyword == keyword);
        (is(0, Keyword::PARTITION) && is(1, Keyword::BY)).then_some(Ok(1))
    }
}

/// How tightly an operator binds.
fn prec(precedence: Precedence) -> u8 {
    FlinkDialect.prec_value(precedence)
}

/// `CAST(x AS type)`: the type may be one that sqlparser does not know, and is kept as Flink writes it.
fn cast(parser: &mut Parser<'_>, keyword: Keyword) -> Result<Expr, ParserError> {
    parser.advance_token();
    parser.expect_token(&Token::LParen)?;
    let expr = Box::new(parser.parse_expr()?);
    parser.expect_keyword(Keyword::AS)?;
    let data_type = types::parse(parser)?.to_string();
    parser.expect_token(&Token::RParen)?;
    Ok(Expr::Cast {
        kind: if keyword == Keyword::CAST { CastKind::Cast } else { CastKind::TryCast },
        expr,
        data_type: AstType::Custom(ObjectName::from(vec![Ident::new(data_type)]), Vec::new()),
        format: None,
    })
}

/// `MAP[k, v, …]`, as a call of `MAP`.
fn map(parser: &mut Parser<'_>) -> Result<Expr, ParserError> {
    let name = parser.parse_identifier()?;
    parser.expect_token(&Token::LBracket)?;
    let arguments = if parser.peek_token_ref().token == Token::RBracket {
        Vec::new()
    } else {
        parser.parse_comma_separated(Parser::parse_expr)?
    };
    parser.expect_token(&Token::RBracket)?;
    Ok(call(name, arguments.into_iter().map(unnamed).collect()))
}

/// `TABLE t [PARTITION BY a | (a, b)]`, as an argument of a table function: a call of `TABLE`, with the columns behind.
fn table_argument(parser: &mut Parser<'_>, word: &Word) -> Result<Expr, ParserError> {
    let span = parser.next_token().span;
    let name = parser.parse_object_name(false)?;
    let parts = name.0.into_iter().filter_map(|part| part.as_ident().cloned()).collect();
    let (table, arguments) =
        (Ident::with_span(span, &word.value), vec![unnamed(Expr::CompoundIdentifier(parts))]);
    if parser.parse_keywords(&[Keyword::PARTITION, Keyword::BY]) {
        return partitioned(parser, table, arguments);
    }
    Ok(call(table, arguments))
}

/// The columns behind `PARTITION BY`: a call of `TABLE` with the table and these.
fn partitioned(
    parser: &mut Parser<'_>,
    table: Ident,
    mut arguments: Vec<FunctionArg>,
) -> Result<Expr, ParserError> {
    let columns = if parser.peek_token_ref().token == Token::LParen {
        ddl::names_in_parentheses(parser)?
    } else {
        vec![parser.parse_identifier()?]
    };
    let columns = columns.into_iter().map(Expr::Identifier).collect();
    arguments.push(named("PARTITION BY", Expr::Tuple(columns)));
    Ok(call(table, arguments))
}

fn unnamed(expr: Expr) -> FunctionArg {
    FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))
}

/// A clause within a call's parentheses.
fn named(clause: &str, expr: Expr) -> FunctionArg {
    FunctionArg::Named {
        name: Ident::new(clause),
        arg: FunctionArgExpr::Expr(expr),
        operator: FunctionArgOperator::RightArrow,
    }
}

fn call(name: Ident, args: Vec<FunctionArg>) -> Expr {
    Expr::Function(Function {
        name: ObjectName::from(vec![name]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args,
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

#[cfg(test)]
mod tests;
