use super::*;
use crate::testing::{messages, shown, table, table_of};

#[test]
fn each_mistake_is_shown_where_it_stands() {
    let text = "CREATE TABLE t (a INT) WITH ('connector' = 'prnt');";
    assert_eq!(
        shown(text, &check(&table(text))),
        "\
job.sql:1:44: there is no connector \"prnt\"; did you mean print?
  1 | CREATE TABLE t (a INT) WITH ('connector' = 'prnt');
    |                                            ^^^^^^
    = there are filesystem, datagen, print, blackhole, prometheus, narthex-prometheus
"
    );
    let text = "CREATE TABLE t (a INT) WITH ('path' = 'x');";
    assert_eq!(
        shown(text, &check(&table(text))),
        "\
job.sql:1:14: the table t has no connector
  1 | CREATE TABLE t (a INT) WITH ('path' = 'x');
    |              ^
    = write WITH ('connector' = '…', …); there are filesystem, datagen, print, blackhole, prometheus, \
narthex-prometheus
"
    );
    let text = "CREATE TABLE t (a INT) WITH (\n  'connector' = 'print',\n  'standart-error' = 'true',\n  \
                'standard-error' = 'maybe'\n);";
    assert_eq!(
        shown(text, &check(&table(text))),
        "\
job.sql:3:3: standart-error: the connector print has no such option; did you mean standard-error?
  3 |   'standart-error' = 'true',
    |   ^^^^^^^^^^^^^^^^
    = it takes print-identifier, standard-error, sink.parallelism
job.sql:4:22: standard-error: \"maybe\" is neither true nor false
  4 |   'standard-error' = 'maybe'
    |                      ^^^^^^^
"
    );
}

#[test]
fn a_connector_is_used_only_in_the_directions_that_it_has() {
    let context = Context::new("narthex/test");
    for name in ["print", "blackhole"] {
        let table = table_of("a INT", &[("connector", name)]);
        assert!(sink(&table, &context).is_ok());
        assert_eq!(
            messages(&source(&table, &[0], &context).unwrap_err()),
            [format!("connector: a table of the connector {name} can only be written")]
        );
    }
    let table = table_of("a INT", &[("connector", "datagen")]);
    assert!(source(&table, &[0], &context).is_ok());
    assert_eq!(
        messages(&sink(&table, &context).unwrap_err()),
        ["connector: a table of the connector datagen can only be read"]
    );
}
