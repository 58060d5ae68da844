//! Tests of vehicle events.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::*;

fn events(flags: &str) -> Vec<Value> {
    let (stream, _) = generate(&format!("--kind vehicles {flags}"));
    lines(&stream).map(|line| serde_json::from_slice(line).unwrap()).collect()
}

#[test]
fn events_have_the_fields_of_the_demo() {
    let mut regions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for event in events("--devices 2000 --count 20000") {
        let id = event["vehicleId"].as_str().unwrap();
        assert!(id.len() == 11 && id.starts_with('V') && id[1..].bytes().all(|b| b.is_ascii_digit()), "{id}");
        regions.entry(event["region"].as_str().unwrap().to_owned()).or_default().insert(id.to_owned());
        let measurement = event["measurement"].as_i64().expect("an integer");
        match event["eventType"].as_str().unwrap() {
            "IC_RPM" => assert!((0..=3000).contains(&measurement)),
            "ELECTRIC_RPM" => assert!((-10_000..=10_000).contains(&measurement)),
            "WARNINGS" => assert!((0..=5).contains(&measurement)),
            other => panic!("{other}"),
        }
        assert!(event["timestamp"].as_i64().unwrap() <= NOW_MS + 100);
    }
    assert_eq!(regions.len(), 20);
    let vehicles: usize = regions.values().map(BTreeSet::len).sum();
    assert!(vehicles > 1990, "ids do not meet, and nearly all speak: {vehicles}");
    assert!(regions["United States"].len() > 3 * regions["Norway"].len());
}

#[test]
fn warnings_go_up_to_five_and_come_down_again() {
    let mut seen = BTreeSet::new();
    let mut newest: HashMap<String, i64> = HashMap::new();
    let (mut up, mut down) = (0, 0);
    for event in events("--devices 5 --count 200000") {
        if event["eventType"] == "WARNINGS" {
            let warnings = event["measurement"].as_i64().unwrap();
            seen.insert(warnings);
            let before = newest.insert(event["vehicleId"].to_string(), warnings).unwrap_or(0);
            assert!((warnings - before).abs() <= 2, "a vehicle tells its warnings when they change");
            up += i64::from(warnings > before);
            down += i64::from(warnings < before);
        }
    }
    assert_eq!(seen, (0..=5).collect());
    assert!(up > 10 && down > 10);
}

#[test]
fn about_half_of_the_fleet_moves_and_each_vehicle_keeps_at_it_for_a_while() {
    let mut moving: HashMap<String, bool> = HashMap::new();
    let (mut events_moving, mut changes, mut all) = (0, 0, 0);
    for event in events("--devices 100 --count 100000") {
        if event["eventType"] != "WARNINGS" {
            let moves = event["measurement"] != 0;
            all += 1;
            events_moving += i32::from(moves);
            let before = moving.insert(event["vehicleId"].to_string(), moves);
            changes += i32::from(before.is_some_and(|b| b != moves));
        }
    }
    assert!((all / 3..all * 2 / 3).contains(&events_moving), "{events_moving} of {all}");
    assert!((500..2000).contains(&changes), "{changes}");
}

#[test]
fn times_of_a_vehicle_only_rise_and_stay_near_the_clock() {
    let mut newest: HashMap<String, i64> = HashMap::new();
    for (seen, event) in (0i64..).zip(events("--devices 50 --step 10ms --count 20000 --start 0")) {
        let ms = event["timestamp"].as_i64().unwrap();
        let clock = seen * 10 / 50;
        assert!((clock..clock + 20).contains(&ms), "{ms} at {clock}");
        let before = newest.insert(event["vehicleId"].to_string(), ms);
        assert!(before.is_none_or(|before| before < ms));
    }
}

#[test]
fn samples_say_the_same_as_events() {
    let flags = "--devices 10 --count 1000";
    let (samples, _) = generate(&format!("--kind vehicle-series {flags}"));
    for (event, line) in events(flags).iter().zip(lines(&samples)) {
        let sample: Value = serde_json::from_slice(line).unwrap();
        let name = event["eventType"].as_str().unwrap().to_lowercase();
        assert_eq!(sample["labels"]["__name__"], name);
        assert_eq!(sample["labels"]["vehicleId"], event["vehicleId"]);
        assert_eq!(sample["labels"]["region"], event["region"]);
        assert_eq!((&sample["value"], &sample["timestamp"]), (&event["measurement"], &event["timestamp"]));
    }
}

#[test]
fn a_manifest_of_events_tells_no_fate_but_that_of_malformed_lines() {
    let (_, manifest) = generate("--kind vehicles --count 1000 --late 0.1 --malformed 0.1");
    for line in manifest.lines() {
        let entry: Value = serde_json::from_str(line).unwrap();
        match entry["kind"].as_str().unwrap() {
            "late" => assert!(entry.get("fate").is_none() && entry["vehicleId"].is_string()),
            "malformed" => assert_eq!(entry["fate"], "undecodable"),
            _ => assert!(entry.get("expected").is_none() && entry["clean"] == 1000),
        }
    }
}

/// The same without where it was made.
fn without_position(mut event: Value) -> Value {
    let members = event.as_object_mut().unwrap();
    assert!(members.remove("latitude").is_some() && members.remove("longitude").is_some());
    event
}

fn place(event: &Value) -> (f64, f64) {
    (event["latitude"].as_f64().unwrap(), event["longitude"].as_f64().unwrap())
}

fn apart(a: (f64, f64), b: (f64, f64)) -> f64 {
    (a.0 - b.0).abs().max((a.1 - b.1).abs())
}

#[test]
fn positions_change_nothing_else_and_vehicles_drive_as_far_as_they_can() {
    let flags = "--devices 40 --count 40000 --out-of-order 0.1 --step 10s";
    let with = events(&format!("{flags} --positions"));
    let mut last: HashMap<String, (i64, (f64, f64))> = HashMap::new();
    let (mut driven, mut furthest) = (0, 0.0f64);
    for (with, without) in with.into_iter().zip(events(flags)) {
        let (ms, at) = (with["timestamp"].as_i64().unwrap(), place(&with));
        assert!(at.0.abs() < 75.0 && at.1.abs() < 145.0, "{with}");
        if let Some((before_ms, before)) = last.get(with["vehicleId"].as_str().unwrap()).copied() {
            let seconds = (ms - before_ms).max(0) as f64 / 1000.0;
            let degrees = apart(at, before);
            assert!(degrees <= 0.000_271 * seconds.min(60.0) + 1e-6, "{degrees} in {seconds} s");
            driven += i32::from(degrees > 0.0);
            furthest = furthest.max(degrees);
        }
        let before = last.entry(with["vehicleId"].as_str().unwrap().to_owned()).or_insert((ms, at));
        // What comes out of order repeats the newest place.
        if ms >= before.0 {
            *before = (ms, at);
        }
        assert_eq!(without_position(with), without);
    }
    assert!(driven > 10_000 && furthest > 0.01, "{driven} {furthest}");
}

#[test]
fn a_jump_is_wrong_once_and_in_its_place() {
    let flags = "--kind vehicles --positions --devices 20 --count 20000";
    let (right, _) = generate(flags);
    let (wrong, manifest) = generate(&format!("{flags} --gps-jump 0.01"));
    let mut listed = manifest.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut jumps = 0;
    for (number, (right, wrong)) in (1..).zip(lines(&right).zip(lines(&wrong))) {
        let (right, wrong): (Value, Value) =
            (serde_json::from_slice(right).unwrap(), serde_json::from_slice(wrong).unwrap());
        if right != wrong {
            let off = apart(place(&right), place(&wrong));
            assert!((0.999..=10.001).contains(&off), "{off}");
            let told = listed.next().unwrap();
            assert_eq!((&told["kind"], &told["line"]), (&"gps_jump".into(), &number.into()));
            assert_eq!(place(&told), place(&wrong));
            jumps += 1;
        }
        assert_eq!(without_position(right), without_position(wrong));
    }
    assert!((150..250).contains(&jumps), "{jumps}");
    assert_eq!(listed.next().unwrap()["injected"]["gps_jump"], jumps);
}
