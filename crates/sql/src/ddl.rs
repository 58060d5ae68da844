//! `CREATE TABLE` and what stands in it. A column that cannot be read costs itself alone.

use std::collections::BTreeSet;

use sqlparser::ast::{Expr, Ident, Query};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Span, Token, TokenWithSpan};

use crate::dialect::FlinkDialect;
use crate::fault::{expected, fault, located};
use crate::reserved::is_reserved;
use crate::statement::{
    Column, ColumnKind, CreateTable, CreateView, Like, LikeFeature, LikeMode, Name, OptionEntry, Watermark,
};
use crate::types;

/// Reads what follows `CREATE [TEMPORARY] TABLE`. Mistakes that leave a table behind go into `faults`.
pub(crate) fn create_table(
    parser: &mut Parser<'_>,
    is_temporary: bool,
    faults: &mut Vec<ParserError>,
) -> Result<CreateTable, ParserError> {
    let if_not_exists = parser.parse_keywords(&[Keyword::IF, Keyword::NOT, Keyword::EXISTS]);
    let mut table = CreateTable {
        name: name(parser)?,
        is_temporary,
        if_not_exists,
        columns: Vec::new(),
        watermark: None,
        primary_key: Vec::new(),
        comment: None,
        partitioned_by: Vec::new(),
        options: Vec::new(),
        like: None,
        query: None,
    };
    if parser.consume_token(&Token::LParen) {
        elements(parser, &mut table, faults)?;
    }
    table.comment = comment(parser)?;
    if parser.parse_keyword(Keyword::PARTITIONED) {
        parser.expect_keyword(Keyword::BY)?;
        table.partitioned_by = names_in_parentheses(parser)?;
    }
    if parser.parse_keyword(Keyword::WITH) {
        table.options = options(parser, faults)?;
    }
    if parser.parse_keyword(Keyword::LIKE) {
        table.like = Some(like(parser)?);
    } else if parser.parse_keyword(Keyword::AS) {
        table.query = Some(query(parser)?);
    }
    Ok(table)
}

/// Reads what follows `CREATE [TEMPORARY] VIEW`.
pub(crate) fn create_view(parser: &mut Parser<'_>, is_temporary: bool) -> Result<CreateView, ParserError> {
    let if_not_exists = parser.parse_keywords(&[Keyword::IF, Keyword::NOT, Keyword::EXISTS]);
    let name = name(parser)?;
    let columns = if parser.peek_token_ref().token == Token::LParen {
        names_in_parentheses(parser)?
    } else {
        Vec::new()
    };
    let comment = comment(parser)?;
    parser.expect_keyword(Keyword::AS)?;
    let query = query(parser)?;
    Ok(CreateView { name, is_temporary, if_not_exists, columns, comment, query })
}

/// A query. `TABLE t` is one, and read as `SELECT * FROM t`.
pub(crate) fn query(parser: &mut Parser<'_>) -> Result<Box<Query>, ParserError> {
    if !parser.peek_keyword(Keyword::TABLE) {
        return parser.parse_query();
    }
    let span = parser.next_token().span;
    let words = [Token::make_keyword("SELECT"), Token::Mul, Token::make_keyword("FROM")];
    let mut tokens: Vec<_> = words.into_iter().map(|token| TokenWithSpan { token, span }).collect();
    for part in name(parser)?.0 {
        if tokens.len() > 3 {
            tokens.push(TokenWithSpan { token: Token::Period, span: part.span });
        }
        tokens
            .push(TokenWithSpan { token: Token::make_word(&part.value, part.quote_style), span: part.span });
    }
    Parser::new(&FlinkDialect).with_tokens_with_locations(tokens).parse_query()
}

/// A name. What stands there without back quotes must be none of Flink's own words.
pub(crate) fn identifier(parser: &mut Parser<'_>) -> Result<Ident, ParserError> {
    let token = parser.peek_token_ref();
    match &token.token {
        Token::Word(word) if word.quote_style.is_none() && is_reserved(&word.value) => {
            Err(fault(format!("{0} is a reserved word; as a name it is written `{0}`", word.value), token))
        }
        Token::Word(_) => parser.parse_identifier(),
        // sqlparser would take a text for a name.
        _ => expected("a name", token),
    }
}

/// A table's name.
pub(crate) fn name(parser: &mut Parser<'_>) -> Result<Name, ParserError> {
    let mut parts = vec![identifier(parser)?];
    while parser.consume_token(&Token::Period) {
        parts.push(identifier(parser)?);
    }
    Ok(Name(parts))
}

/// `(a, b)`.
pub(crate) fn names_in_parentheses(parser: &mut Parser<'_>) -> Result<Vec<Ident>, ParserError> {
    parser.expect_token(&Token::LParen)?;
    let names = parser.parse_comma_separated(identifier)?;
    parser.expect_token(&Token::RParen)?;
    Ok(names)
}

fn comment(parser: &mut Parser<'_>) -> Result<Option<String>, ParserError> {
    if parser.parse_keyword(Keyword::COMMENT) { text(parser).map(|(text, _)| Some(text)) } else { Ok(None) }
}

/// A text in single quotes.
pub(crate) fn text(parser: &mut Parser<'_>) -> Result<(String, Span), ParserError> {
    match parser.next_token() {
        TokenWithSpan { token: Token::SingleQuotedString(text), span } => Ok((text, span)),
        found => expected("a text in single quotes", &found),
    }
}

/// Columns and what stands among them, with the closing parenthesis.
fn elements(
    parser: &mut Parser<'_>,
    table: &mut CreateTable,
    faults: &mut Vec<ParserError>,
) -> Result<(), ParserError> {
    list(parser, faults, ", or )", |parser| element(parser, table).and_then(|()| at_its_end(parser)))
}

/// Reads what stands between commas, with the closing parenthesis. What cannot be read costs itself alone: its
/// mistake goes into `faults`.
fn list<'a>(
    parser: &mut Parser<'a>,
    faults: &mut Vec<ParserError>,
    behind: &str,
    mut read: impl FnMut(&mut Parser<'a>) -> Result<(), ParserError>,
) -> Result<(), ParserError> {
    if parser.consume_token(&Token::RParen) {
        return Ok(());
    }
    loop {
        let begin = parser.peek_token().span;
        if let Err(error) = read(parser) {
            let error = located(error, parser);
            rewind(parser, begin);
            skip_element(parser);
            if parser.peek_token_ref().token == Token::EOF {
                // The list has no end, which this mistake explains.
                return Err(error);
            }
            faults.push(error);
        }
        match parser.next_token() {
            TokenWithSpan { token: Token::Comma, .. } => {}
            TokenWithSpan { token: Token::RParen, .. } => return Ok(()),
            found => return expected(behind, &found),
        }
    }
}

fn at_its_end(parser: &Parser<'_>) -> Result<(), ParserError> {
    match parser.peek_token_ref() {
        TokenWithSpan { token: Token::Comma | Token::RParen | Token::EOF, .. } => Ok(()),
        found => expected(", or ) behind the column", found),
    }
}

/// Back to where an element began: how far its reading came says nothing about parentheses.
fn rewind(parser: &mut Parser<'_>, begin: Span) {
    while parser.peek_token_ref().span != begin {
        parser.prev_token();
    }
}

/// Up to the next comma or parenthesis that belongs to the list.
fn skip_element(parser: &mut Parser<'_>) {
    let (mut round, mut angle) = (0_usize, 0_usize);
    loop {
        match parser.peek_token_ref().token {
            Token::EOF => return,
            Token::Comma if round == 0 && angle == 0 => return,
            Token::RParen if round == 0 => return,
            Token::LParen => round += 1,
            Token::RParen => round -= 1,
            Token::Lt if round == 0 => angle += 1,
            Token::Gt if round == 0 => angle = angle.saturating_sub(1),
            Token::ShiftRight if round == 0 => angle = angle.saturating_sub(2),
            _ => {}
        }
        parser.advance_token();
    }
}

fn element(parser: &mut Parser<'_>, table: &mut CreateTable) -> Result<(), ParserError> {
    let first = parser.peek_token();
    if is_word(&first, "WATERMARK")
        && parser.peek_nth_token_ref(1).token.to_string().eq_ignore_ascii_case("FOR")
    {
        parser.advance_token();
        parser.advance_token();
        let column = name(parser)?;
        parser.expect_keyword(Keyword::AS)?;
        let expr = Box::new(parser.parse_expr()?);
        if table.watermark.replace(Watermark { column, expr }).is_some() {
            return Err(fault("there is a second WATERMARK; a table has one", &first));
        }
        return Ok(());
    }
    if parser.parse_keyword(Keyword::CONSTRAINT) {
        let _ = identifier(parser)?;
        return table_key(parser, table, &first);
    }
    if parser.peek_keyword(Keyword::PRIMARY) && parser.peek_nth_token_ref(1).token != Token::Period {
        return table_key(parser, table, &first);
    }
    let column = column(parser, table)?;
    table.columns.push(column);
    Ok(())
}

fn table_key(
    parser: &mut Parser<'_>,
    table: &mut CreateTable,
    at: &TokenWithSpan,
) -> Result<(), ParserError> {
    parser.expect_keywords(&[Keyword::PRIMARY, Keyword::KEY])?;
    let key = names_in_parentheses(parser)?;
    not_enforced(parser)?;
    set_key(table, key, at)
}

fn set_key(table: &mut CreateTable, key: Vec<Ident>, at: &TokenWithSpan) -> Result<(), ParserError> {
    if !table.primary_key.is_empty() {
        return Err(fault("there is a second PRIMARY KEY; a table has one", at));
    }
    table.primary_key = key;
    Ok(())
}

fn not_enforced(parser: &mut Parser<'_>) -> Result<(), ParserError> {
    let next = parser.peek_token();
    if parser.parse_keywords(&[Keyword::NOT, Keyword::ENFORCED]) {
        return Ok(());
    }
    Err(fault("nobody checks a PRIMARY KEY: write NOT ENFORCED behind it", &next))
}

fn column(parser: &mut Parser<'_>, table: &mut CreateTable) -> Result<Column, ParserError> {
    let name = identifier(parser)?;
    if parser.parse_keyword(Keyword::AS) {
        let expr: Box<Expr> = Box::new(parser.parse_expr()?);
        return Ok(Column { name, kind: ColumnKind::Computed { expr }, comment: comment(parser)? });
    }
    let data_type = types::parse(parser)?;
    let kind = if is_word(parser.peek_token_ref(), "METADATA") {
        parser.advance_token();
        let from = if parser.parse_keyword(Keyword::FROM) { Some(text(parser)?.0) } else { None };
        ColumnKind::Metadata { data_type, from, is_virtual: parser.parse_keyword(Keyword::VIRTUAL) }
    } else {
        let at = parser.peek_token();
        if parser.parse_keyword(Keyword::CONSTRAINT) {
            let _ = identifier(parser)?;
        }
        if parser.parse_keywords(&[Keyword::PRIMARY, Keyword::KEY]) {
            not_enforced(parser)?;
            set_key(table, vec![name.clone()], &at)?;
        }
        ColumnKind::Physical { data_type }
    };
    Ok(Column { name, kind, comment: comment(parser)? })
}

/// `('key' = 'value', …)`.
pub(crate) fn options(
    parser: &mut Parser<'_>,
    faults: &mut Vec<ParserError>,
) -> Result<Vec<OptionEntry>, ParserError> {
    parser.expect_token(&Token::LParen)?;
    let (mut options, mut keys) = (Vec::new(), BTreeSet::new());
    list(parser, faults, ", or ) behind the option", |parser| {
        let at = parser.peek_token();
        let option = option(parser)?;
        if !keys.insert(option.key.clone()) {
            return Err(fault(format!("the option '{}' is there twice", option.key), &at));
        }
        options.push(option);
        Ok(())
    })?;
    Ok(options)
}

/// `'key' = 'value'`.
pub(crate) fn option(parser: &mut Parser<'_>) -> Result<OptionEntry, ParserError> {
    let (key, key_span) = text(parser)?;
    match parser.next_token() {
        TokenWithSpan { token: Token::Eq, .. } => {}
        found => return expected("=", &found),
    }
    let (value, value_span) = text(parser)?;
    Ok(OptionEntry { key, key_span, value, value_span })
}

/// `('key', …)`.
pub(crate) fn keys(parser: &mut Parser<'_>) -> Result<Vec<(String, Span)>, ParserError> {
    parser.expect_token(&Token::LParen)?;
    let keys = parser.parse_comma_separated(text)?;
    parser.expect_token(&Token::RParen)?;
    Ok(keys)
}

fn like(parser: &mut Parser<'_>) -> Result<Like, ParserError> {
    let table = name(parser)?;
    let mut features = Vec::new();
    if parser.consume_token(&Token::LParen) {
        while !parser.consume_token(&Token::RParen) {
            let mode = match word(parser)? {
                (word, _) if word == "INCLUDING" => LikeMode::Including,
                (word, _) if word == "EXCLUDING" => LikeMode::Excluding,
                (word, _) if word == "OVERWRITING" => LikeMode::Overwriting,
                (_, token) => return expected("INCLUDING, EXCLUDING, OVERWRITING or )", &token),
            };
            let (feature, token) = word(parser)?;
            features.push((mode, like_feature(&feature, &token)?));
        }
    }
    Ok(Like { table, features })
}

fn like_feature(word: &str, token: &TokenWithSpan) -> Result<LikeFeature, ParserError> {
    Ok(match word {
        "ALL" => LikeFeature::All,
        "CONSTRAINTS" => LikeFeature::Constraints,
        "DISTRIBUTION" => LikeFeature::Distribution,
        "GENERATED" => LikeFeature::Generated,
        "METADATA" => LikeFeature::Metadata,
        "OPTIONS" => LikeFeature::Options,
        "PARTITIONS" => LikeFeature::Partitions,
        "WATERMARKS" => LikeFeature::Watermarks,
        _ => {
            let what =
                "ALL, CONSTRAINTS, DISTRIBUTION, GENERATED, METADATA, OPTIONS, PARTITIONS or WATERMARKS";
            return expected(what, token);
        }
    })
}

/// Whether it is this word, which sqlparser has no keyword for.
fn is_word(token: &TokenWithSpan, wanted: &str) -> bool {
    matches!(&token.token,
        Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(wanted))
}

/// Takes the next word if it is one of these, whether sqlparser has a keyword for it or not.
pub(crate) fn word_of<'w>(parser: &mut Parser<'_>, words: &[&'w str]) -> Option<&'w str> {
    let word = words.iter().find(|word| is_word(parser.peek_token_ref(), word))?;
    parser.advance_token();
    Some(word)
}

/// The next token in upper case, where it is a word.
fn word(parser: &mut Parser<'_>) -> Result<(String, TokenWithSpan), ParserError> {
    let token = parser.next_token();
    match &token.token {
        Token::Word(word) if word.quote_style.is_none() => Ok((word.value.to_uppercase(), token)),
        _ => expected("a word", &token),
    }
}
