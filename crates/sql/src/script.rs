//! A job file: its statements, and every mistake in them.

use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer, Whitespace};

use crate::ddl;
use crate::dialect::FlinkDialect;
use crate::fault::{expected, fault, located, mistake};
use crate::mistake::Mistake;
use crate::nearest::nearest;
use crate::statement::{Drop, DropKind, Insert, Show, Statement, StatementKind};

/// What a job file says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Script {
    /// The statements that could be read, in order.
    pub statements: Vec<Statement>,
    /// All mistakes, in order of their places.
    pub mistakes: Vec<Mistake>,
}

/// How a statement may begin.
const BEGINNINGS: [&str; 13] = [
    "CREATE", "DROP", "SET", "RESET", "INSERT", "EXECUTE", "BEGIN", "SELECT", "WITH", "VALUES", "EXPLAIN",
    "DESCRIBE", "SHOW",
];

/// Reads a job file. Never fails: what cannot be read is a mistake.
pub fn parse(text: &str) -> Script {
    let mut script = Script::default();
    let mut tokens = Vec::new();
    if let Err(error) = Tokenizer::new(&FlinkDialect, text).tokenize_with_location_into_buf(&mut tokens) {
        // What could not be read begins where the last token ends.
        let begin = tokens.last().map_or(Location::new(1, 1), |token: &TokenWithSpan| token.span.end);
        let message = match error.message.as_str() {
            message if message.contains("comment") => "this comment has no end; write */",
            message if message.contains("string literal") => "this text has no end; a ' is missing",
            message if message.contains("close delimiter") => "this name has no end; a ` is missing",
            message => message,
        };
        script.mistakes.push(Mistake::new(Span::new(begin, begin), message));
        // The statement that it stands in cannot be told; those before it can.
        let whole = tokens.iter().rposition(|token| token.token == Token::SemiColon).map_or(0, |at| at + 1);
        tokens.truncate(whole);
    }
    refuse_foreign_tokens(&tokens, &mut script.mistakes);
    let mut pieces = tokens.split(|token| token.token == Token::SemiColon).filter(|piece| !is_blank(piece));
    while let Some(piece) = pieces.next() {
        let begins = words(piece);
        if begins.starts_with("EXECUTE STATEMENT SET") || begins.starts_with("BEGIN STATEMENT SET") {
            statement_set(piece, &mut pieces, &mut script);
        } else if let Some(statement) = read(piece, &mut script.mistakes, statement) {
            script.statements.push(statement);
        }
    }
    let place = |mistake: &Mistake| (mistake.span.start.line, mistake.span.start.column);
    script.mistakes.sort_by_key(place);
    // The first one explains the others.
    script.mistakes.dedup_by_key(|mistake| place(mistake));
    script
}

/// Double quotes and hints: read as something else, or as nothing, they would be mistakes that nobody sees.
fn refuse_foreign_tokens(tokens: &[TokenWithSpan], mistakes: &mut Vec<Mistake>) {
    for token in tokens {
        match &token.token {
            Token::DoubleQuotedString(_) => mistakes.push(
                Mistake::new(token.span, "double quotes have no meaning in Flink SQL")
                    .advise("text stands in 'single quotes', a name in `back quotes`"),
            ),
            Token::Whitespace(Whitespace::MultiLineComment(text)) if text.starts_with('+') => mistakes.push(
                Mistake::new(token.span, "hints are not supported, and would change what the query does")
                    .advise("put the options into the table's WITH (…)"),
            ),
            _ => {}
        }
    }
}

fn is_blank(piece: &[TokenWithSpan]) -> bool {
    piece.iter().all(|token| matches!(token.token, Token::Whitespace(_) | Token::EOF))
}

/// The first words of a statement, in upper case.
fn words(piece: &[TokenWithSpan]) -> String {
    let words = piece.iter().filter_map(|token| match &token.token {
        Token::Whitespace(_) => None,
        Token::Word(word) if word.quote_style.is_none() => Some(word.value.to_uppercase()),
        other => Some(other.to_string()),
    });
    words.take(4).collect::<Vec<_>>().join(" ")
}

fn span(piece: &[TokenWithSpan]) -> Span {
    let tokens = piece.iter().filter(|token| !matches!(token.token, Token::Whitespace(_) | Token::EOF));
    Span::union_iter(tokens.map(|token| token.span))
}

/// Reads a statement with `reader` and sees that nothing follows. Its mistakes go into `mistakes`.
fn read<T>(
    piece: &[TokenWithSpan],
    mistakes: &mut Vec<Mistake>,
    reader: impl FnOnce(&mut Parser<'_>, &mut Vec<ParserError>) -> Result<T, ParserError>,
) -> Option<T> {
    let dialect = FlinkDialect;
    let mut parser = Parser::new(&dialect).with_tokens_with_locations(piece.to_vec());
    let mut faults = Vec::new();
    let read = reader(&mut parser, &mut faults).and_then(|read| match parser.peek_token_ref() {
        TokenWithSpan { token: Token::EOF, .. } => Ok(read),
        found => expected("the end of the statement", found),
    });
    let read = read.map_err(|error| faults.push(located(error, &parser))).ok();
    let is_whole = faults.is_empty();
    mistakes.extend(faults.into_iter().map(|fault| mistake(fault, piece)));
    read.filter(|_| is_whole)
}

fn statement(parser: &mut Parser<'_>, faults: &mut Vec<ParserError>) -> Result<Statement, ParserError> {
    let first = parser.peek_token();
    let kind = kind(parser, faults)?;
    let last = parser.get_current_token().span;
    Ok(Statement { span: first.span.union(&last), kind })
}

fn kind(parser: &mut Parser<'_>, faults: &mut Vec<ParserError>) -> Result<StatementKind, ParserError> {
    let first = parser.peek_token();
    let beginning = match &first.token {
        Token::LParen => return Ok(StatementKind::Query(parser.parse_query()?)),
        Token::Word(word) if word.quote_style.is_none() => word.value.to_uppercase(),
        _ => return expected("a statement", &first),
    };
    match beginning.as_str() {
        "SELECT" | "WITH" | "VALUES" => return Ok(StatementKind::Query(parser.parse_query()?)),
        "INSERT" => return insert(parser).map(StatementKind::Insert),
        _ => parser.advance_token(),
    }
    Ok(match beginning.as_str() {
        "CREATE" => create(parser, faults)?,
        "DROP" => drop(parser)?,
        "SET" => StatementKind::Set(if ends(parser) { None } else { Some(ddl::option(parser)?) }),
        "RESET" => StatementKind::Reset(if ends(parser) { None } else { Some(ddl::text(parser)?) }),
        "EXPLAIN" if parser.peek_keyword(Keyword::EXPLAIN) => {
            return Err(fault("EXPLAIN explains a query or an INSERT", &first));
        }
        "EXPLAIN" => StatementKind::Explain(Box::new(statement(parser, faults)?)),
        "DESCRIBE" | "DESC" => StatementKind::Describe(ddl::name(parser)?),
        "SHOW" => StatementKind::Show(show(parser)?),
        _ => {
            let advice = nearest(&beginning, BEGINNINGS).map(|name| format!("; did you mean {name}?"));
            let message = format!("no statement begins with {}{}", first.token, advice.unwrap_or_default());
            return Err(fault(message, &first));
        }
    })
}

fn ends(parser: &Parser<'_>) -> bool {
    parser.peek_token_ref().token == Token::EOF
}

fn create(parser: &mut Parser<'_>, faults: &mut Vec<ParserError>) -> Result<StatementKind, ParserError> {
    let is_temporary = parser.parse_keyword(Keyword::TEMPORARY);
    if parser.parse_keyword(Keyword::TABLE) {
        return ddl::create_table(parser, is_temporary, faults)
            .map(|table| StatementKind::CreateTable(Box::new(table)));
    }
    if parser.parse_keyword(Keyword::VIEW) {
        return ddl::create_view(parser, is_temporary).map(StatementKind::CreateView);
    }
    let found = parser.peek_token();
    expected("TABLE or VIEW", &found)
}

fn drop(parser: &mut Parser<'_>) -> Result<StatementKind, ParserError> {
    let is_temporary = parser.parse_keyword(Keyword::TEMPORARY);
    let kind = if parser.parse_keyword(Keyword::TABLE) {
        DropKind::Table
    } else if parser.parse_keyword(Keyword::VIEW) {
        DropKind::View
    } else {
        return expected("TABLE or VIEW", &parser.peek_token());
    };
    let if_exists = parser.parse_keywords(&[Keyword::IF, Keyword::EXISTS]);
    Ok(StatementKind::Drop(Drop { kind, name: ddl::name(parser)?, is_temporary, if_exists }))
}

fn show(parser: &mut Parser<'_>) -> Result<Show, ParserError> {
    let token = parser.next_token();
    Ok(match token.token.to_string().to_uppercase().as_str() {
        "TABLES" => Show::Tables,
        "VIEWS" => Show::Views,
        "FUNCTIONS" => Show::Functions,
        "CREATE" if parser.parse_keyword(Keyword::TABLE) => Show::CreateTable(ddl::name(parser)?),
        "CREATE" if parser.parse_keyword(Keyword::VIEW) => Show::CreateView(ddl::name(parser)?),
        "COLUMNS" if parser.parse_one_of_keywords(&[Keyword::FROM, Keyword::IN]).is_some() => {
            Show::Columns(ddl::name(parser)?)
        }
        _ => return expected("TABLES, VIEWS, FUNCTIONS, CREATE TABLE, CREATE VIEW or COLUMNS FROM", &token),
    })
}

fn insert(parser: &mut Parser<'_>) -> Result<Insert, ParserError> {
    let first = parser.expect_keyword(Keyword::INSERT)?;
    let is_overwrite = parser.parse_keyword(Keyword::OVERWRITE);
    if !is_overwrite {
        parser.expect_keyword(Keyword::INTO)?;
    }
    let table = ddl::name(parser)?;
    let is_list = parser.peek_token_ref().token == Token::LParen
        && !matches!(
            &parser.peek_nth_token_ref(1).token,
            Token::LParen
                | Token::Word(sqlparser::tokenizer::Word {
                    quote_style: None,
                    keyword: Keyword::SELECT | Keyword::WITH | Keyword::VALUES,
                    ..
                })
        );
    let columns = if is_list { ddl::names_in_parentheses(parser)? } else { Vec::new() };
    let query = parser.parse_query()?;
    let span = first.span.union(&parser.get_current_token().span);
    Ok(Insert { span, table, is_overwrite, columns, query })
}

/// `EXECUTE STATEMENT SET BEGIN insert; insert; END`, or the SQL client's `BEGIN STATEMENT SET; insert; END`.
fn statement_set<'a>(
    first: &'a [TokenWithSpan],
    rest: &mut impl Iterator<Item = &'a [TokenWithSpan]>,
    script: &mut Script,
) {
    let Script { statements, mistakes } = script;
    let mut inserts = Vec::new();
    let mut whole = span(first);
    let begun = read(first, mistakes, |parser, _| {
        let is_execute = parser.parse_keyword(Keyword::EXECUTE);
        if !is_execute {
            parser.expect_keyword(Keyword::BEGIN)?;
        }
        parser.expect_keywords(&[Keyword::STATEMENT, Keyword::SET])?;
        if is_execute {
            parser.expect_keyword(Keyword::BEGIN)?;
        }
        if ends(parser) { Ok(None) } else { insert(parser).map(Some) }
    });
    let mut is_good = begun.is_some();
    inserts.extend(begun.flatten());
    loop {
        let Some(piece) = rest.next() else {
            let end = Span::new(whole.end, whole.end);
            mistakes.push(
                Mistake::new(end, "the statement set has no end").advise("write END; behind its last INSERT"),
            );
            return;
        };
        whole = whole.union(&span(piece));
        if words(piece) == "END" {
            break;
        }
        match read(piece, mistakes, |parser, _| insert(parser)) {
            Some(insert) => inserts.push(insert),
            None => is_good = false,
        }
    }
    if is_good && inserts.is_empty() {
        mistakes.push(Mistake::new(whole, "the statement set is empty"));
    } else if is_good {
        statements.push(Statement { span: whole, kind: StatementKind::StatementSet(inserts) });
    }
}

#[cfg(test)]
mod tests;
