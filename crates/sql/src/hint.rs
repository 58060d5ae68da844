//! Hints: options of a table for one query, in `/*+ OPTIONS('key' = 'value') */` behind its name.
//!
//! sqlparser takes a hint for a comment and passes over it; so its text is read here, and its place is kept.

use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer, Whitespace};

use crate::ddl;
use crate::dialect::FlinkDialect;
use crate::fault::{expected, fault, located, mistake};
use crate::mistake::Mistake;
use crate::statement::{Hint, OptionEntry};

/// The hints among a statement's tokens. Those that cannot be read become mistakes.
pub(crate) fn hints(tokens: &[TokenWithSpan], mistakes: &mut Vec<Mistake>) -> Vec<Hint> {
    let mut hints: Vec<Hint> = Vec::new();
    let mut behind = Location::empty();
    for token in tokens {
        match &token.token {
            Token::Whitespace(Whitespace::MultiLineComment(text)) if text.starts_with('+') => {
                match options(text, token.span) {
                    Ok(options) => hints.push(Hint { span: token.span, behind, options }),
                    Err(mistake) => mistakes.push(mistake),
                }
            }
            Token::Whitespace(_) => {}
            _ => behind = token.span.end,
        }
    }
    hints
}

/// What the text of a hint says, which begins with a plus.
fn options(text: &str, span: Span) -> Result<Vec<OptionEntry>, Mistake> {
    // Behind `/*+`; the tokenizer counts from 1.
    let begin = Location { line: span.start.line, column: span.start.column + 3 };
    let mut tokens = Vec::new();
    let dialect = FlinkDialect;
    let read = Tokenizer::new(&dialect, &text[1..]).tokenize_with_location_into_buf(&mut tokens);
    if read.is_err() {
        return Err(Mistake::new(span, "this hint cannot be read").advise(FORM));
    }
    for token in &mut tokens {
        token.span = Span::new(moved(token.span.start, begin), moved(token.span.end, begin));
    }
    let mut parser = Parser::new(&dialect).with_tokens_with_locations(tokens.clone());
    entries(&mut parser).map_err(|error| {
        let told = mistake(located(error, &parser), &tokens);
        let is_placed = told.span != Span::empty();
        let told = if told.advice.is_none() { told.advise(FORM) } else { told };
        if is_placed { told } else { Mistake { span, ..told } }
    })
}

const FORM: &str = "write it right behind the name of a table: /*+ OPTIONS('key' = 'value') */";

/// A place in the text of a hint as one in the file.
fn moved(place: Location, begin: Location) -> Location {
    let column = if place.line == 1 { begin.column + place.column - 1 } else { place.column };
    Location { line: begin.line + place.line - 1, column }
}

/// `OPTIONS('key' = 'value', …) [, OPTIONS(…)]`.
fn entries(parser: &mut Parser<'_>) -> Result<Vec<OptionEntry>, ParserError> {
    let mut options: Vec<OptionEntry> = Vec::new();
    loop {
        let name = parser.next_token();
        if !parser_is(&name, Keyword::OPTIONS) {
            let Token::Word(word) = &name.token else { return expected("OPTIONS", &name) };
            let message = format!("the hint {} is not supported: there is OPTIONS", word.value);
            return Err(fault(message, &name));
        }
        parser.expect_token(&Token::LParen)?;
        loop {
            let option = ddl::option(parser)?;
            // The first one wins, as in Flink.
            if options.iter().all(|other| other.key != option.key) {
                options.push(option);
            }
            if !parser.consume_token(&Token::Comma) {
                break;
            }
        }
        parser.expect_token(&Token::RParen)?;
        if parser.peek_token_ref().token == Token::EOF {
            return Ok(options);
        }
        let _ = parser.consume_token(&Token::Comma);
    }
}

fn parser_is(token: &TokenWithSpan, wanted: Keyword) -> bool {
    matches!(&token.token, Token::Word(word) if word.quote_style.is_none() && word.keyword == wanted)
}
