//! A job file: its statements, and every mistake in them.

use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer};

use crate::ddl;
use crate::depth;
use crate::dialect::FlinkDialect;
use crate::fault::{expected, fault, located, mistake};
use crate::hint::hints;
use crate::mistake::Mistake;
use crate::nearest::nearest;
use crate::statement::{AlterTable, Alteration, Drop, DropKind, Insert, Show, Statement, StatementKind};

/// What a job file says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Script {
    /// The statements that could be read, in order.
    pub statements: Vec<Statement>,
    /// All mistakes, in order of their places.
    pub mistakes: Vec<Mistake>,
}

/// How a statement may begin.
const BEGINNINGS: [&str; 16] = [
    "CREATE", "DROP", "ALTER", "USE", "SET", "RESET", "INSERT", "EXECUTE", "BEGIN", "SELECT", "WITH",
    "VALUES", "TABLE", "EXPLAIN", "DESCRIBE", "SHOW",
];

/// Those of them that cannot go on a statement: before one of these a semicolon is missing.
const FRESH: [&str; 12] = [
    "CREATE", "DROP", "ALTER", "USE", "SET", "RESET", "INSERT", "EXECUTE", "SELECT", "EXPLAIN", "SHOW", "END",
];

/// Reads a job file. Never fails: what cannot be read is a mistake.
pub fn parse(text: &str) -> Script {
    let mut script = Script::default();
    let mut tokens = tokens(text, &mut script.mistakes);
    refuse_foreign_tokens(text, &tokens, &mut script.mistakes);
    leave_out(&mut tokens);
    let mut pieces = Pieces { again: None, rest: &tokens };
    while let Some(piece) = pieces.next() {
        let words = words(piece);
        let is_explained = words.starts_with("EXPLAIN ");
        let begins = words.trim_start_matches("EXPLAIN ");
        if begins.starts_with("EXECUTE STATEMENT SET")
            || begins.starts_with("BEGIN STATEMENT SET")
            || (is_explained && begins.starts_with("STATEMENT SET"))
        {
            statement_set(piece, &mut pieces, &mut script);
        } else {
            let hints = hints(piece, &mut script.mistakes);
            let read = read(piece, &mut pieces, &mut script.mistakes, statement);
            let read = read.or_else(|| unreadable(piece));
            script.statements.extend(read.map(|read| Statement { hints, ..read }));
        }
    }
    let place = |mistake: &Mistake| (mistake.span.start.line, mistake.span.start.column);
    script.mistakes.sort_by_key(place);
    // The first one explains the others.
    script.mistakes.dedup_by_key(|mistake| place(mistake));
    script
}

/// All tokens, or those of the statements before one that is cut in two by a missing quote or the like.
fn tokens(text: &str, mistakes: &mut Vec<Mistake>) -> Vec<TokenWithSpan> {
    let mut tokens: Vec<TokenWithSpan> = Vec::new();
    let Err(error) = Tokenizer::new(&FlinkDialect, text).tokenize_with_location_into_buf(&mut tokens) else {
        return tokens;
    };
    // What could not be read begins where the last token ends.
    let end = tokens.last().map_or(Location::new(1, 1), |token| token.span.end);
    let mut span = Span::new(end, end);
    let message = match error.message.as_str() {
        message if message.contains("comment") => "this comment has no end; write */",
        message if message.contains("string literal") => {
            // Behind a text without end, what is between two texts is taken for one: the first that goes over a line.
            let is_long = |token: &TokenWithSpan| matches!(&token.token, Token::SingleQuotedString(text) if text.contains('\n'));
            if let Some(at) = tokens.iter().position(is_long) {
                span = tokens[at].span;
                tokens.truncate(at);
            }
            "this text has no end; a ' is missing"
        }
        message if message.contains("unicode") => {
            "U&'…' takes a \\ and four digits for a character, such as U&'\\00e4'"
        }
        message if message.contains("close delimiter") => "this name has no end; a ` is missing",
        message => message,
    };
    mistakes.push(Mistake::new(span, message));
    // The statement that it stands in cannot be told; those before it can.
    let whole = tokens.iter().rposition(|token| token.token == Token::SemiColon).map_or(0, |at| at + 1);
    tokens.truncate(whole);
    tokens
}

/// The tokens of one statement after the other, without semicolons and without empty ones.
struct Pieces<'a> {
    /// The end of the last one, where it is a statement of its own.
    again: Option<&'a [TokenWithSpan]>,
    rest: &'a [TokenWithSpan],
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [TokenWithSpan];

    fn next(&mut self) -> Option<Self::Item> {
        if self.again.is_some() {
            return self.again.take();
        }
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let end = self.rest.iter().position(|token| token.token == Token::SemiColon);
            let (piece, behind) = self.rest.split_at(end.unwrap_or(self.rest.len()));
            self.rest = behind.get(1..).unwrap_or_default();
            if !is_blank(piece) {
                return Some(piece);
            }
        }
    }
}

/// What is created by a statement that cannot be read. Who uses it has not made a mistake.
fn unreadable(piece: &[TokenWithSpan]) -> Option<Statement> {
    let mut parser = Parser::new(&FlinkDialect).with_tokens_with_locations(piece.to_vec());
    parser.expect_keyword(Keyword::CREATE).ok()?;
    let _ = parser.parse_keyword(Keyword::TEMPORARY);
    parser.expect_one_of_keywords(&[Keyword::TABLE, Keyword::VIEW]).ok()?;
    let _ = parser.parse_keywords(&[Keyword::IF, Keyword::NOT, Keyword::EXISTS]);
    let name = ddl::name(&mut parser).ok()?;
    // Where it ends is not known.
    let span = span(piece.get(..1)?).union(&name.span());
    Some(Statement { span, kind: StatementKind::Unreadable(name), hints: Vec::new() })
}

/// What another dialect reads and Flink does not.
fn refuse_foreign_tokens(text: &str, tokens: &[TokenWithSpan], mistakes: &mut Vec<Mistake>) {
    let unequal = || tokens.iter().filter(|token| token.token == Token::Neq);
    if unequal().next().is_some() {
        let bangs = places(text, '!');
        let with_bangs = unequal().filter(|token| bangs.binary_search(&token.span.start).is_ok());
        let mistake =
            |token: &TokenWithSpan| Mistake::new(token.span, "!= is no operator in Flink SQL; write <>");
        mistakes.extend(with_bangs.map(mistake));
    }
    let is_hexadecimal = |token: &TokenWithSpan| matches!(token.token, Token::HexStringLiteral(_));
    let zeros = if tokens.iter().any(is_hexadecimal) { places(text, '0') } else { Vec::new() };
    let begins_with_zero = |token: &TokenWithSpan| zeros.binary_search(&token.span.start).is_ok();
    for token in tokens {
        match &token.token {
            Token::HexStringLiteral(digits) if begins_with_zero(token) => mistakes.push(
                Mistake::new(token.span, format!("0x{digits} is no number in Flink SQL"))
                    .advise(format!("bytes are written x'{digits}', numbers with the digits 0 to 9")),
            ),
            Token::DoubleQuotedString(_) => mistakes.push(
                Mistake::new(token.span, "double quotes have no meaning in Flink SQL")
                    .advise("text stands in 'single quotes', a name in `back quotes`"),
            ),
            Token::DuckIntDiv => {
                mistakes.push(Mistake::new(token.span, "a comment begins with --, not with //"));
            }
            Token::DoubleEq => {
                mistakes.push(Mistake::new(token.span, "== is no operator in Flink SQL; write ="))
            }
            Token::DoubleColon => {
                let message = ":: is no operator in Flink SQL; write CAST(value AS type)";
                mistakes.push(Mistake::new(token.span, message));
            }
            Token::Char(MARK) => mistakes.push(
                Mistake::new(token.span, "there is a byte order mark here")
                    .advise("save the file as UTF-8 without one"),
            ),
            _ => {}
        }
    }
}

/// U+FEFF, which some editors write before a text.
const MARK: char = '\u{feff}';

/// Takes out what has been told of and would only bring further mistakes.
fn leave_out(tokens: &mut Vec<TokenWithSpan>) {
    let mut comment = None;
    tokens.retain(|token| {
        let line = token.span.start.line;
        if token.token == Token::DuckIntDiv {
            comment = Some(line);
        }
        comment != Some(line) && token.token != Token::Char(MARK)
    });
}

/// Where a character stands, in order: sqlparser makes the same token of `!=` and `<>`, of `0x1f` and `x'1f'`.
fn places(text: &str, wanted: char) -> Vec<Location> {
    let lines = text.split('\n').zip(1..);
    let places = lines.flat_map(|(line, number)| {
        let marks = line.chars().zip(1..).filter(move |(c, _)| *c == wanted);
        marks.map(move |(_, column)| Location::new(number, column))
    });
    places.collect()
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
fn read<'a, T>(
    piece: &'a [TokenWithSpan],
    pieces: &mut Pieces<'a>,
    mistakes: &mut Vec<Mistake>,
    reader: impl FnOnce(&mut Parser<'_>, &mut Vec<ParserError>) -> Result<T, ParserError>,
) -> Option<T> {
    if let Some(span) = depth::too_deep(piece) {
        let message = format!("more than {} operators stand inside one another here", depth::DEEPEST);
        mistakes.push(
            Mistake::new(span, message).advise("use IN (…) for alternatives, views for parts of a query"),
        );
        return None;
    }
    let dialect = FlinkDialect;
    let mut parser = Parser::new(&dialect).with_tokens_with_locations(piece.to_vec());
    let mut faults = Vec::new();
    let read = reader(&mut parser, &mut faults).and_then(|read| match parser.peek_token_ref() {
        TokenWithSpan { token: Token::EOF, .. } => Ok(read),
        found if is_beginning(found) => {
            mistakes.push(Mistake::new(found.span, format!("a ; is missing before {}", found.token)));
            let at = piece.partition_point(|token| token.span.start < found.span.start);
            pieces.again = Some(&piece[at..]);
            Ok(read)
        }
        found => expected("the end of the statement", found),
    });
    let read = read.map_err(|error| faults.push(located(error, &parser))).ok();
    let is_whole = faults.is_empty();
    mistakes.extend(faults.into_iter().map(|fault| mistake(fault, piece)));
    read.filter(|_| is_whole)
}

fn is_beginning(token: &TokenWithSpan) -> bool {
    matches!(&token.token, Token::Word(word) if word.quote_style.is_none()
        && FRESH.iter().any(|fresh| word.value.eq_ignore_ascii_case(fresh)))
}

fn statement(parser: &mut Parser<'_>, faults: &mut Vec<ParserError>) -> Result<Statement, ParserError> {
    let first = parser.peek_token();
    let kind = kind(parser, faults)?;
    let last = parser.get_current_token().span;
    Ok(Statement { span: first.span.union(&last), kind, hints: Vec::new() })
}

fn kind(parser: &mut Parser<'_>, faults: &mut Vec<ParserError>) -> Result<StatementKind, ParserError> {
    let first = parser.peek_token();
    let beginning = match &first.token {
        Token::LParen => return Ok(StatementKind::Query(ddl::query(parser)?)),
        Token::Word(word) if word.quote_style.is_none() => word.value.to_uppercase(),
        _ => return expected("a statement", &first),
    };
    match beginning.as_str() {
        "SELECT" | "WITH" | "VALUES" | "TABLE" => return Ok(StatementKind::Query(ddl::query(parser)?)),
        "INSERT" => return insert(parser).map(StatementKind::Insert),
        _ => parser.advance_token(),
    }
    Ok(match beginning.as_str() {
        "CREATE" => create(parser, faults)?,
        "DROP" => drop(parser)?,
        "SET" => StatementKind::Set(if ends(parser) { None } else { Some(ddl::option(parser)?) }),
        "RESET" => StatementKind::Reset(if ends(parser) { None } else { Some(ddl::text(parser)?) }),
        "EXPLAIN" => explain(parser, faults, &first)?,
        "ALTER" => alter(parser, faults)?,
        "USE" => StatementKind::Use {
            is_catalog: parser.parse_keyword(Keyword::CATALOG),
            name: ddl::name(parser)?,
        },
        "END" => return Err(fault("END ends no statement set", &first)),
        "DESCRIBE" | "DESC" => StatementKind::Describe(ddl::name(parser)?),
        "SHOW" => StatementKind::Show(show(parser)?),
        _ => {
            let advice = nearest(&beginning, BEGINNINGS).map(|name| format!("; did you mean {name}?"));
            let message = format!("no statement begins with {}{}", first.token, advice.unwrap_or_default());
            return Err(fault(message, &first));
        }
    })
}

/// `EXPLAIN [PLAN FOR | detail, …] statement`.
fn explain(
    parser: &mut Parser<'_>,
    faults: &mut Vec<ParserError>,
    first: &TokenWithSpan,
) -> Result<StatementKind, ParserError> {
    if parser.parse_keyword(Keyword::PLAN) {
        parser.expect_keyword(Keyword::FOR)?;
    } else {
        while ddl::word_of(parser, &EXPLAINED).is_some() {
            let _ = parser.consume_token(&Token::Comma);
        }
    }
    match ddl::word_of(parser, &["SELECT", "WITH", "VALUES", "TABLE", "INSERT"]) {
        Some(_) => parser.prev_token(),
        None if parser.peek_token_ref().token == Token::LParen => {}
        None => return Err(fault("EXPLAIN explains a query or an INSERT", first)),
    }
    Ok(StatementKind::Explain(Box::new(statement(parser, faults)?)))
}

/// What Flink's EXPLAIN can tell beside the plan.
const EXPLAINED: [&str; 5] =
    ["ESTIMATED_COST", "CHANGELOG_MODE", "JSON_EXECUTION_PLAN", "PLAN_ADVICE", "PLAN_TREE"];

fn alter(parser: &mut Parser<'_>, faults: &mut Vec<ParserError>) -> Result<StatementKind, ParserError> {
    let what = parser.peek_token();
    if !parser.parse_keyword(Keyword::TABLE) {
        return expected("TABLE: nothing else can be altered", &what);
    }
    let if_exists = parser.parse_keywords(&[Keyword::IF, Keyword::EXISTS]);
    let name = ddl::name(parser)?;
    let at = parser.peek_token();
    let alteration = match ddl::word_of(parser, &["SET", "RESET", "RENAME"]) {
        Some("SET") => Alteration::Set(ddl::options(parser, faults)?),
        Some("RESET") => Alteration::Reset(ddl::keys(parser)?),
        Some(_) if parser.parse_keyword(Keyword::TO) => Alteration::Rename(ddl::name(parser)?),
        _ => {
            let message = "ALTER TABLE knows SET, RESET and RENAME TO; \
                           columns, watermarks and keys stand in CREATE TABLE";
            return Err(fault(message, &at));
        }
    };
    Ok(StatementKind::AlterTable(AlterTable { name, if_exists, alteration }))
}

fn ends(parser: &Parser<'_>) -> bool {
    parser.peek_token_ref().token == Token::EOF
}

fn create(parser: &mut Parser<'_>, faults: &mut Vec<ParserError>) -> Result<StatementKind, ParserError> {
    let or = parser.peek_token();
    if parser.parse_keywords(&[Keyword::OR, Keyword::REPLACE]) {
        return Err(fault(
            "CREATE OR REPLACE is not supported: DROP TABLE IF EXISTS, then CREATE TABLE",
            &or,
        ));
    }
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
    let is_current = token.token.to_string().eq_ignore_ascii_case("CURRENT");
    let token = if is_current { parser.next_token() } else { token };
    Ok(match token.token.to_string().to_uppercase().as_str() {
        "CATALOG" if is_current => Show::Catalogs,
        "DATABASE" if is_current => Show::Databases,
        "CATALOGS" => Show::Catalogs,
        "DATABASES" => Show::Databases,
        "TABLES" => Show::Tables,
        "VIEWS" => Show::Views,
        "FUNCTIONS" => Show::Functions,
        "CREATE" if parser.parse_keyword(Keyword::TABLE) => Show::CreateTable(ddl::name(parser)?),
        "CREATE" if parser.parse_keyword(Keyword::VIEW) => Show::CreateView(ddl::name(parser)?),
        "COLUMNS" if parser.parse_one_of_keywords(&[Keyword::FROM, Keyword::IN]).is_some() => {
            Show::Columns(ddl::name(parser)?)
        }
        _ => {
            let what =
                "TABLES, VIEWS, FUNCTIONS, CATALOGS, DATABASES, CREATE TABLE, CREATE VIEW or COLUMNS FROM";
            return expected(what, &token);
        }
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
                    keyword: Keyword::SELECT | Keyword::WITH | Keyword::VALUES | Keyword::TABLE,
                    ..
                })
        );
    let columns = if is_list { ddl::names_in_parentheses(parser)? } else { Vec::new() };
    let query = ddl::query(parser)?;
    let span = first.span.union(&parser.get_current_token().span);
    Ok(Insert { span, table, is_overwrite, columns, query })
}

/// `EXECUTE STATEMENT SET BEGIN insert; insert; END`, or the SQL client's `BEGIN STATEMENT SET; insert; END`.
fn statement_set<'a>(first: &'a [TokenWithSpan], rest: &mut Pieces<'a>, script: &mut Script) {
    let Script { statements, mistakes } = script;
    let mut inserts = Vec::new();
    let mut whole = span(first);
    let mut hinted = hints(first, mistakes);
    let mut is_explained = false;
    let begun = read(first, rest, mistakes, |parser, _| {
        is_explained = parser.parse_keyword(Keyword::EXPLAIN);
        let is_execute = parser.parse_keyword(Keyword::EXECUTE) || is_explained;
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
    let mut has_end = false;
    while let Some(piece) = rest.next() {
        whole = whole.union(&span(piece));
        has_end = words(piece) == "END";
        if has_end {
            break;
        }
        hinted.extend(hints(piece, mistakes));
        match read(piece, rest, mistakes, |parser, _| insert(parser)) {
            Some(insert) => inserts.push(insert),
            None => is_good = false,
        }
    }
    if !has_end {
        let end = Span::new(whole.end, whole.end);
        mistakes.push(
            Mistake::new(end, "the statement set has no end").advise("write END; behind its last INSERT"),
        );
    } else if is_good && inserts.is_empty() {
        mistakes.push(Mistake::new(whole, "the statement set is empty"));
    }
    // With a mistake, too: the others of the set may have mistakes of their own.
    if !inserts.is_empty() {
        let set = Statement { span: whole, kind: StatementKind::StatementSet(inserts), hints: Vec::new() };
        let kind = if is_explained { StatementKind::Explain(Box::new(set)) } else { set.kind };
        statements.push(Statement { span: whole, kind, hints: hinted });
    }
}

#[cfg(test)]
mod tests;
