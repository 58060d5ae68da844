//! `LIKE`, `SIMILAR TO`, `||`.

use super::*;

#[test]
fn texts_match_patterns() {
    check(&[
        ("'Hello World' LIKE 'H%'", "true"),
        ("'Hello World' LIKE '_ello%'", "true"),
        ("'Hello World' LIKE '%o%o%'", "true"),
        ("'Hello World' LIKE '%o_W%d'", "true"),
        ("'Hello World' LIKE 'h%'", "false"),
        ("'50%_off' LIKE '50!%!_%' ESCAPE '!'", "true"),
        ("'a_b' LIKE 'a\\_b'", "false"),
        ("'a%b' LIKE 'a\\%b' ESCAPE '\\'", "true"),
        ("'a.b' LIKE 'a_b'", "true"),
        ("'😀' LIKE '_'", "true"),
        ("'' LIKE '%'", "true"),
        ("'' LIKE '_'", "false"),
        ("'aab' LIKE '%ab'", "true"),
        ("'abab' LIKE '%a_'", "true"),
        ("'mississippi' LIKE '%s_s%pp_'", "true"),
        ("'mississippi' LIKE '%s_s%pp'", "false"),
        ("'abc' NOT LIKE '%a%'", "false"),
        ("CAST(NULL AS STRING) LIKE '%'", "NULL"),
        ("'a%b' LIKE 'a!xb' ESCAPE '!'", "!the pattern 'a!xb' is wrong"),
        ("'ab' LIKE 'a!' ESCAPE '!'", "!the pattern 'a!' is wrong"),
        ("'ab' LIKE 'ab' ESCAPE '!!'", "!ESCAPE takes one character"),
        ("'ab' LIKE 'ab' ESCAPE ''", "true"),
        ("1 LIKE 'a'", "!LIKE does not take INT and CHAR(1)"),
        ("'Hello World' SIMILAR TO '(Hello|ABC)%'", "true"),
        ("'ABCabc' SIMILAR TO '[A-Za-z]+'", "true"),
        ("'2024-05-06' SIMILAR TO '[0-9]{4}-[0-9]{2}-[0-9]{2}'", "true"),
        ("'abc' SIMILAR TO 'a.c'", "true"),
        ("'abc' SIMILAR TO '[^x]%'", "true"),
        ("'abc' SIMILAR TO '[[:alpha:]]+'", "true"),
        ("'a|b' SIMILAR TO 'a\\|b' ESCAPE '\\'", "true"),
        ("'ab' SIMILAR TO 'a?b+'", "true"),
        ("'xab' SIMILAR TO 'ab'", "false"),
        ("'😀' SIMILAR TO '_'", "true"),
        ("'a' SIMILAR TO '('", "!the pattern '(' of SIMILAR TO is wrong"),
        ("'a' NOT SIMILAR TO 'b'", "true"),
    ]);
    let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("x"), Some("%"), None]));
    assert_eq!(eval_over(&[("s", "STRING", texts)], "'x' LIKE s").unwrap(), ["true", "true", "NULL"]);
}

#[test]
fn texts_are_joined() {
    check(&[
        ("'a' || 'bc'", "abc"),
        ("'[' || CAST(7 AS CHAR(3)) || ']'", "[7  ]"),
        ("CAST(NULL AS STRING) || 'a'", "NULL"),
        ("'a' || NULL", "!NULL has no type here"),
        ("'a' || 1", "!|| does not take CHAR(1) and INT"),
    ]);
    check_types(&[
        ("'a' || 'bc'", "CHAR(3) NOT NULL"),
        ("v || 'ab'", "VARCHAR(5) NOT NULL"),
        ("v || v", "VARCHAR(6) NOT NULL"),
        ("s || 'a'", "STRING NOT NULL"),
    ]);
}
