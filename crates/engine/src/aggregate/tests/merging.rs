//! Input that is split anywhere, and merged, gives what one accumulator gives; so does taking groups out bit by bit.

use proptest::prelude::*;

use super::*;

/// Every function that does not depend on rounding, over a type of each kind of storage.
fn calls() -> Vec<AggregateCall> {
    let mut calls = Vec::new();
    for is_distinct in [false, true] {
        for (function, argument, returns) in [
            (F::Count, "INT", "BIGINT"),
            (F::Sum, "INT", "INT"),
            (F::Sum, "DECIMAL(10, 2)", "DECIMAL(38, 2)"),
            (F::Avg, "INT", "INT"),
            (F::Avg, "DECIMAL(10, 2)", "DECIMAL(38, 6)"),
            (F::Min, "INT", "INT"),
            (F::Max, "STRING", "STRING"),
            (F::Min, "BOOLEAN", "BOOLEAN"),
            (F::FirstValue, "INT", "INT"),
            (F::LastValue, "INT", "INT"),
            (F::FirstValue, "STRING", "STRING"),
            (F::LastValue, "STRING", "STRING"),
            (F::LastValue, "DECIMAL(10, 2)", "DECIMAL(10, 2)"),
            (F::FirstValue, "BOOLEAN", "BOOLEAN"),
            (F::ListAgg { separator: "+".to_owned() }, "STRING", "STRING"),
            (F::ArrayAgg, "INT", "ARRAY<INT>"),
            (F::ArrayAgg, "STRING", "ARRAY<STRING>"),
            (F::Collect, "INT", "MULTISET<INT>"),
            (F::Percentile { fractions: vec![0.3], is_list: false }, "DOUBLE", "DOUBLE"),
            (F::ApproxCountDistinct, "STRING", "BIGINT"),
        ] {
            calls.push(call(function, argument, returns, is_distinct));
        }
    }
    calls
}

fn column(values: &[Option<i32>], data_type: &DataType) -> ArrayRef {
    match data_type {
        DataType::Double => doubles(&values.iter().map(|value| value.map(f64::from)).collect::<Vec<_>>()),
        DataType::Decimal(..) => {
            decimals(&values.iter().map(|value| value.map(i128::from)).collect::<Vec<_>>(), 10, 2)
        }
        DataType::Boolean => {
            Arc::new(values.iter().map(|value| value.map(|value| value > 0)).collect::<BooleanArray>())
        }
        DataType::Varchar(_) => {
            let texts =
                values.iter().map(|value| value.map(|value| "x".repeat(value.unsigned_abs() as usize)));
            Arc::new(texts.collect::<StringArray>())
        }
        _ => ints(values),
    }
}

type Row = (Option<i32>, usize, Option<bool>);

fn update(accumulator: &mut dyn GroupsAccumulator, rows: &[Row], call: &AggregateCall, groups: usize) {
    let values: Vec<Option<i32>> = rows.iter().map(|row| row.0).collect();
    let places: Vec<usize> = rows.iter().map(|row| row.1).collect();
    let filter: BooleanArray = rows.iter().map(|row| row.2).collect();
    let column = column(&values, &call.argument_types[0]);
    accumulator.update_batch(&[column], &places, Some(&filter), groups).unwrap();
}

const GROUPS: usize = 5;

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let filter = prop_oneof![4 => Just(Some(true)), 1 => Just(Some(false)), 1 => Just(None)];
    prop::collection::vec((prop::option::of(-6..6_i32), 0..GROUPS, filter), 0..60)
}

/// All groups, a few at a time.
fn evaluated(accumulator: &mut dyn GroupsAccumulator, call: &AggregateCall, step: usize) -> Vec<String> {
    let mut all = Vec::new();
    while all.len() + step < GROUPS {
        all.extend(shown(&accumulator.evaluate(EmitTo::First(step)).unwrap(), call));
    }
    all.extend(shown(&accumulator.evaluate(EmitTo::All).unwrap(), call));
    all
}

proptest! {
    #[test]
    fn parts_merged_are_the_whole(rows in rows(), cuts in prop::collection::vec(0..60_usize, 0..4), step in 1..GROUPS) {
        for call in calls() {
            let mut whole = accumulator(&call).unwrap();
            update(whole.as_mut(), &rows, &call, GROUPS);
            let mut merged = accumulator(&call).unwrap();
            let mut cuts: Vec<usize> = cuts.iter().map(|&cut| cut.min(rows.len())).chain([0, rows.len()]).collect();
            cuts.sort_unstable();
            for range in cuts.windows(2) {
                let mut part = accumulator(&call).unwrap();
                update(part.as_mut(), &rows[range[0]..range[1]], &call, GROUPS);
                let first = part.state(EmitTo::First(step)).unwrap();
                let groups: Vec<usize> = (0..first[0].len()).collect();
                merged.merge_batch(&first, &groups, GROUPS).unwrap();
                let rest = part.state(EmitTo::All).unwrap();
                let groups: Vec<usize> = (step..step + rest[0].len()).collect();
                merged.merge_batch(&rest, &groups, GROUPS).unwrap();
            }
            let expected = shown(&whole.evaluate(EmitTo::All).unwrap(), &call);
            prop_assert_eq!(evaluated(merged.as_mut(), &call, GROUPS), expected, "{:?}", call);
        }
    }

    #[test]
    fn groups_that_leave_one_by_one_are_those_that_leave_at_once(rows in rows(), step in 1..GROUPS, cut in 0..60_usize) {
        for call in calls() {
            let (first, later) = rows.split_at(cut.min(rows.len()));
            let mut together = accumulator(&call).unwrap();
            update(together.as_mut(), first, &call, GROUPS);
            let mut apart = accumulator(&call).unwrap();
            update(apart.as_mut(), first, &call, GROUPS);
            let at_once = shown(&together.evaluate(EmitTo::All).unwrap(), &call);
            let mut one_by_one = shown(&apart.evaluate(EmitTo::First(step)).unwrap(), &call);
            // Groups that stay take rows again, under their new numbers.
            let of_rest: Vec<Row> = later.iter().filter(|row| row.1 >= step).map(|row| (row.0, row.1 - step, row.2)).collect();
            update(apart.as_mut(), &of_rest, &call, GROUPS - step);
            let mut whole = accumulator(&call).unwrap();
            update(whole.as_mut(), &rows, &call, GROUPS);
            let whole = shown(&whole.evaluate(EmitTo::All).unwrap(), &call);
            one_by_one.extend(shown(&apart.evaluate(EmitTo::All).unwrap(), &call));
            prop_assert_eq!(&one_by_one[..step], &at_once[..step], "{:?}", call);
            prop_assert_eq!(&one_by_one[step..], &whole[step..], "{:?}", call);
        }
    }

    #[test]
    fn an_accumulator_that_gave_all_begins_anew(rows in rows()) {
        for call in calls() {
            let mut accumulator = accumulator(&call).unwrap();
            update(accumulator.as_mut(), &rows, &call, GROUPS);
            let first = shown(&accumulator.evaluate(EmitTo::All).unwrap(), &call);
            update(accumulator.as_mut(), &rows, &call, GROUPS);
            prop_assert_eq!(shown(&accumulator.evaluate(EmitTo::All).unwrap(), &call), first, "{:?}", call);
        }
    }
}

#[test]
fn what_arrived_first_is_first_though_its_slice_is_merged_later() {
    for (function, expected) in [(F::FirstValue, "1"), (F::LastValue, "4")] {
        let call = call(function, "INT", "INT", false);
        let mut slices = accumulator(&call).unwrap();
        slices.update_batch(&[ints(&[Some(1), Some(2), Some(3), Some(4)])], &[1, 0, 0, 1], None, 2).unwrap();
        let states = slices.state(EmitTo::All).unwrap();
        let mut window = accumulator(&call).unwrap();
        window.merge_batch(&states, &[0, 0], 1).unwrap();
        assert_eq!(shown(&window.evaluate(EmitTo::All).unwrap(), &call), [expected]);
    }
}
