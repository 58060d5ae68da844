//! How deep an expression can become, told from its tokens before it is read.
//!
//! `a + b + c` and `x UNION ALL y UNION ALL z` are trees that lean to the left, as deep as they are long; whoever walks
//! them goes down a level for each operator. The parser counts parentheses, but not these.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Span, Token, TokenWithSpan};

/// How many operators may stand inside one another. A walker takes some kilobytes of stack for each, and a thread may
/// have no more than two megabytes. Flink's own limit is its stack, too: a few thousand.
pub(crate) const DEEPEST: usize = 300;

/// What is between an opening parenthesis, bracket or CASE and its end.
#[derive(Default)]
struct Group {
    is_case: bool,
    /// Operators since the last comma or clause.
    here: usize,
    /// The deepest of the groups inside, since then.
    inside: usize,
    /// UNION and the like, since the group began.
    sets: usize,
    /// The deepest since the group began.
    most: usize,
}

impl Group {
    fn depth(&self) -> usize {
        self.here + self.inside
    }

    /// What follows does not stand below what was before.
    fn cut(&mut self) {
        self.most = self.most.max(self.depth());
        (self.here, self.inside) = (0, 0);
    }
}

/// Where a statement becomes too deep, if it does.
pub(crate) fn too_deep(tokens: &[TokenWithSpan]) -> Option<Span> {
    let mut open = vec![Group::default()];
    for token in tokens {
        match &token.token {
            Token::LParen | Token::LBracket => open.push(Group::default()),
            Token::RParen | Token::RBracket => close(&mut open),
            Token::Word(word) if word.quote_style.is_none() && word.keyword != Keyword::NoKeyword => {
                keyword(&mut open, word.keyword);
            }
            Token::Comma => open.last_mut()?.cut(),
            other if is_operator(other) => open.last_mut()?.here += 1,
            _ => {}
        }
        let group = open.last()?;
        if group.depth().max(group.sets) > DEEPEST {
            return Some(token.span);
        }
    }
    None
}

fn close(open: &mut Vec<Group>) {
    // A CASE without END ends with what it stands in.
    while open.len() > 1 {
        let Some(mut closed) = open.pop() else { return };
        closed.cut();
        if let Some(around) = open.last_mut() {
            around.inside = around.inside.max(closed.most + closed.sets + 1);
        }
        if !closed.is_case {
            return;
        }
    }
}

fn keyword(open: &mut Vec<Group>, keyword: Keyword) {
    let Some(group) = open.last_mut() else { return };
    match keyword {
        Keyword::CASE => open.push(Group { is_case: true, ..Group::default() }),
        Keyword::END if group.is_case => {
            group.is_case = false;
            close(open);
        }
        Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT | Keyword::MINUS => {
            group.cut();
            group.sets += 1;
        }
        Keyword::SELECT
        | Keyword::FROM
        | Keyword::WHERE
        | Keyword::HAVING
        | Keyword::JOIN
        | Keyword::ON
        | Keyword::WHEN
        | Keyword::THEN
        | Keyword::ELSE => group.cut(),
        Keyword::AND
        | Keyword::OR
        | Keyword::IS
        | Keyword::IN
        | Keyword::LIKE
        | Keyword::ILIKE
        | Keyword::RLIKE
        | Keyword::REGEXP
        | Keyword::SIMILAR
        | Keyword::BETWEEN
        | Keyword::AT
        | Keyword::COLLATE
        | Keyword::OVERLAPS
        | Keyword::DIV
        | Keyword::XOR
        | Keyword::MEMBER
        | Keyword::OPERATOR
        | Keyword::NOTNULL => group.here += 1,
        _ => {}
    }
}

/// Anything that may stand between two values, or behind one.
fn is_operator(token: &Token) -> bool {
    !matches!(
        token,
        Token::EOF
            | Token::Word(_)
            | Token::Number(..)
            | Token::Char(_)
            | Token::SingleQuotedString(_)
            | Token::DoubleQuotedString(_)
            | Token::UnicodeStringLiteral(_)
            | Token::HexStringLiteral(_)
            | Token::Whitespace(_)
            | Token::Period
            | Token::SemiColon
    )
}

#[cfg(test)]
mod tests {
    use crate::parse;

    fn is_refused(text: &str) -> bool {
        let mistakes = parse(text).mistakes;
        mistakes.iter().any(|mistake| mistake.message.contains("inside one another"))
    }

    #[test]
    fn a_chain_of_operators_is_as_deep_as_it_is_long() {
        assert!(!is_refused(&format!("SELECT 1{}", " + 1".repeat(300))));
        assert!(is_refused(&format!("SELECT 1{}", " + 1".repeat(301))));
        assert!(is_refused(&format!("SELECT a{}", " IS NULL".repeat(301))));
        assert!(is_refused(&format!("SELECT 1{}", " UNION ALL SELECT 1".repeat(301))));
        assert!(is_refused(&format!("SELECT (1{0}){0}", " + 1".repeat(200))));
        assert!(is_refused(&format!("SELECT CASE WHEN 1{0} THEN 1 END{0}", " + 1".repeat(200))));
    }

    #[test]
    fn what_stands_beside_one_another_may_be_long() {
        assert!(!is_refused(&format!("SELECT 1{}", ", 1 + 1".repeat(2_000))));
        assert!(!is_refused(&format!("SELECT 1 IN (1{})", ", -1".repeat(2_000))));
        assert!(!is_refused(&format!("SELECT CASE {}END", "WHEN a > 1 AND b < 2 THEN c + 1 ".repeat(2_000))));
        assert!(!is_refused(&format!(
            "SELECT 1{}",
            " UNION ALL SELECT a + 1 FROM t WHERE a > 1 AND b".repeat(200)
        )));
    }
}
