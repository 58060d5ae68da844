//! Connected vehicles: each is parked or moves, turns its engine or motor, and has warning lights on or off.
//!
//! The shape follows the public "connected vehicles" demo of the Flink connector for Prometheus (event types,
//! regions with weights, probabilities), so that both can be compared; there, warnings could never pass 1,
//! here they go up and down between 0 and 5.

use super::digits::{push_integer, push_padded, push_quarters};
use super::positions::Positions;
use super::rng::{Rng, mix};
use super::series::write_sample;
use super::subject::{Event, Spelling, Subjects, Value};

/// Once in how many events a vehicle starts or stops.
const MOTION_CHANGE: u64 = 100;
/// Once in how many events a moving vehicle's warnings change.
const WARNING_CHANGE: u64 = 1000;
/// Once in how many other events of a moving vehicle it tells its warnings.
const WARNING_REPORT: u64 = 10;
const MOST_WARNINGS: u8 = 5;
const COMBUSTION_MAX_RPM: i64 = 3000;
const ELECTRIC_MAX_RPM: i64 = 10_000;
/// Tenths of the vehicles that burn fuel.
const COMBUSTION_TENTHS: u64 = 7;

/// Regions, how many of 37 shares each has, and where its middle is: degrees north and east.
const REGIONS: [(&str, usize, (i32, i32)); 20] = [
    ("United States", 9, (39, -98)),
    ("Germany", 4, (51, 10)),
    ("China", 3, (34, 108)),
    ("Japan", 2, (36, 138)),
    ("United Kingdom", 2, (53, -2)),
    ("France", 2, (47, 2)),
    ("Italy", 2, (43, 12)),
    ("Spain", 1, (40, -4)),
    ("Netherlands", 1, (52, 5)),
    ("Sweden", 1, (60, 15)),
    ("Poland", 1, (52, 19)),
    ("Canada", 1, (52, -100)),
    ("Mexico", 1, (23, -102)),
    ("Brazil", 1, (-10, -52)),
    ("South Africa", 1, (-29, 25)),
    ("Turkey", 1, (39, 35)),
    ("India", 1, (22, 79)),
    ("South Korea", 1, (36, 128)),
    ("Australia", 1, (-25, 134)),
    ("Norway", 1, (62, 10)),
];

/// Whether events or samples are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// `{"eventType":…,"vehicleId":…,"region":…,"timestamp":…,"measurement":…}`
    Events,
    /// `{"labels":{"__name__":"ic_rpm","vehicleId":…,"region":…},"value":…,"timestamp":…}`
    Samples,
}

/// A fleet; slot `2 * vehicle` is its rpm, the one after it its warnings.
#[derive(Debug)]
pub(super) struct Fleet {
    vehicles: Vec<Vehicle>,
    shape: Shape,
    /// The region of each of the 37 shares: an index.
    shares: Vec<usize>,
    /// Where they are, if that is told.
    positions: Option<Positions>,
}

#[derive(Debug, Clone, Copy)]
struct Vehicle {
    /// Of its newest event, whichever it was: a vehicle's times only rise.
    newest_ms: i64,
    /// Time and value of the newest event of each type.
    reports: [(i64, Value); 2],
    moving: bool,
    warnings: u8,
}

const RPM: usize = 0;
const WARNINGS: usize = 1;

impl Fleet {
    pub(super) fn new(count: u32, shape: Shape, rng: &mut Rng) -> Self {
        let vehicle = |moving| Vehicle {
            newest_ms: i64::MIN,
            reports: [(i64::MIN, Value::Quarters(0)); 2],
            moving,
            warnings: 0,
        };
        Self {
            vehicles: (0..count).map(|_| vehicle(rng.one_in(2))).collect(),
            shape,
            shares: (REGIONS.iter().enumerate())
                .flat_map(|(region, &(_, shares, _))| std::iter::repeat_n(region, shares))
                .collect(),
            positions: None,
        }
    }

    /// The same fleet, whose events tell where they were made.
    pub(super) fn with_positions(mut self, rng: Rng) -> Self {
        let middle = |vehicle| REGIONS[self.region(vehicle)].2;
        self.positions = Some(Positions::new(self.vehicles.len() as u32, middle, rng));
        self
    }

    fn region(&self, vehicle: u32) -> usize {
        self.shares[mix(u64::from(vehicle) | 1 << 32) as usize % self.shares.len()]
    }
}

fn burns_fuel(vehicle: u32) -> bool {
    mix(u64::from(vehicle)) % 10 < COMBUSTION_TENTHS
}

/// Ten digits that look drawn at random and never meet: the factor shares no divisor with 10^10.
fn plate(vehicle: u32) -> u64 {
    (u64::from(vehicle) * 7_654_321_039 + 1_234_567_891) % 10_000_000_000
}

impl Vehicle {
    /// One step of the state machine: which report is made, and what it says.
    fn step(&mut self, burns_fuel: bool, rng: &mut Rng) -> (usize, i64) {
        if rng.one_in(MOTION_CHANGE) {
            self.moving = !self.moving;
        } else if self.moving && rng.one_in(WARNING_CHANGE) {
            let up = self.warnings == 0 || (self.warnings < MOST_WARNINGS && rng.one_in(2));
            self.warnings = if up { self.warnings + 1 } else { self.warnings - 1 };
            return (WARNINGS, i64::from(self.warnings));
        } else if self.moving && rng.one_in(WARNING_REPORT) {
            return (WARNINGS, i64::from(self.warnings));
        }
        (RPM, self.rpm(burns_fuel, rng))
    }

    /// Never 0 while moving, so that "in motion" can be told from the events alone.
    fn rpm(&self, burns_fuel: bool, rng: &mut Rng) -> i64 {
        if !self.moving {
            0
        } else if burns_fuel {
            rng.between(1, COMBUSTION_MAX_RPM)
        } else {
            let magnitude = rng.between(1, ELECTRIC_MAX_RPM);
            if rng.one_in(2) { -magnitude } else { magnitude }
        }
    }
}

impl Subjects for Fleet {
    fn next(&mut self, clock_ms: i64, rng: &mut Rng) -> Event {
        let index = rng.below(self.vehicles.len() as u64) as u32;
        let vehicle = &mut self.vehicles[index as usize];
        let before_ms = vehicle.newest_ms;
        let (report, value) = vehicle.step(burns_fuel(index), rng);
        vehicle.newest_ms = clock_ms.max(vehicle.newest_ms.saturating_add(1));
        vehicle.reports[report] = (vehicle.newest_ms, Value::Quarters(value * 4));
        if let Some(positions) = &mut self.positions {
            if vehicle.moving && before_ms != i64::MIN {
                positions.drive(index, vehicle.newest_ms - before_ms);
            }
            positions.tell(index);
        }
        self.newest(index * 2 + report as u32)
    }

    fn amend(&mut self, event: Event) {
        self.vehicles[event.slot as usize / 2].reports[event.slot as usize % 2].1 = event.value;
    }

    fn misplace(&mut self, slot: u32, rng: &mut Rng) {
        if let Some(positions) = &mut self.positions {
            positions.jump(slot / 2, rng);
        }
    }

    fn newest(&self, slot: u32) -> Event {
        let (timestamp_ms, value) = self.vehicles[slot as usize / 2].reports[slot as usize % 2];
        Event { slot, timestamp_ms, value }
    }

    fn write(&self, out: &mut Vec<u8>, event: Event, spelling: Spelling) {
        let vehicle = event.slot / 2;
        let names: (&[u8], &[u8]) = match (event.slot as usize % 2, burns_fuel(vehicle)) {
            (RPM, true) => (b"IC_RPM", b"ic_rpm"),
            (RPM, false) => (b"ELECTRIC_RPM", b"electric_rpm"),
            _ => (b"WARNINGS", b"warnings"),
        };
        let region = REGIONS[self.region(vehicle)].0;
        match self.shape {
            Shape::Events => {
                out.extend_from_slice(br#"{"eventType":""#);
                out.extend_from_slice(names.0);
            }
            Shape::Samples => {
                out.extend_from_slice(br#"{"labels":{"__name__":""#);
                out.extend_from_slice(names.1);
            }
        }
        out.extend_from_slice(br#"","vehicleId":"V"#);
        push_padded(out, plate(vehicle), 10);
        out.extend_from_slice(br#"","region":""#);
        out.extend_from_slice(region.as_bytes());
        out.push(b'"');
        match self.shape {
            Shape::Events => {
                write_event(out, event, spelling);
                if let Some(positions) = &self.positions {
                    positions.write(out, vehicle);
                }
                out.push(b'}');
            }
            Shape::Samples => write_sample(out, event, spelling),
        }
    }
}

/// Appends what follows the region of an event, but for the position.
fn write_event(out: &mut Vec<u8>, event: Event, spelling: Spelling) {
    out.extend_from_slice(br#","timestamp":"#);
    if spelling == Spelling::WordAsTime {
        out.extend_from_slice(br#""yesterday""#);
    } else {
        push_integer(out, event.timestamp_ms);
    }
    out.extend_from_slice(br#","measurement":"#);
    match event.value {
        _ if spelling == Spelling::WordAsValue => out.extend_from_slice(b"unknown"),
        Value::Quarters(quarters) => push_quarters(out, quarters),
        Value::NaN => out.extend_from_slice(b"null"),
    }
}
