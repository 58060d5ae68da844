//! Where vehicles are: each roams around its home in its region, and a receiver for positions is wrong at times.

use super::digits::push_padded;
use super::rng::{Rng, mix};

/// How far from the middle of its region a vehicle may be at home, in each direction.
const HOME_SPREAD: i64 = 1_500_000;
/// Most that a moving vehicle goes in each direction in a second: some 30 m.
const PER_SECOND: i64 = 270;
/// A vehicle that was not heard of for longer has not gone further.
const LONGEST_DRIVE_MS: i64 = 60_000;
/// How far a wrong position is off in each direction: one to ten degrees.
const JUMP: (i64, i64) = (1_000_000, 10_000_000);
/// Places end here, short of the poles and of the date line.
const MOST: Place = Place { latitude: 85_000_000, longitude: 179_000_000 };

/// A place in millionths of a degree, some 11 cm each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) latitude: i32,
    pub(super) longitude: i32,
}

/// Where a vehicle is, and where its newest event says that it is.
#[derive(Debug, Clone, Copy)]
struct Track {
    is: Place,
    told: Place,
}

/// The places of a fleet; their randomness is their own, so that all else is the same without them.
#[derive(Debug)]
pub(super) struct Positions {
    tracks: Vec<Track>,
    rng: Rng,
}

impl Positions {
    /// Each vehicle at home; `middle` is the middle of its region in whole degrees.
    pub(super) fn new(count: u32, middle: impl Fn(u32) -> (i32, i32), rng: Rng) -> Self {
        let at_home = |vehicle: u32| {
            let (latitude, longitude) = middle(vehicle);
            let aside = |axis: u64| {
                let width = 2 * HOME_SPREAD as u64 + 1;
                (mix(u64::from(vehicle) | axis << 32) % width) as i64 - HOME_SPREAD
            };
            let is = Place { latitude: latitude * 1_000_000, longitude: longitude * 1_000_000 }
                .moved(aside(2), aside(3));
            Track { is, told: is }
        };
        Self { tracks: (0..count).map(at_home).collect(), rng }
    }

    /// The vehicle has moved for so long.
    pub(super) fn drive(&mut self, vehicle: u32, elapsed_ms: i64) {
        let most = PER_SECOND * elapsed_ms.clamp(0, LONGEST_DRIVE_MS) / 1000;
        let (north, east) = (self.rng.between(-most, most), self.rng.between(-most, most));
        let track = &mut self.tracks[vehicle as usize];
        track.is = track.is.moved(north, east);
    }

    /// The vehicle tells where it is.
    pub(super) fn tell(&mut self, vehicle: u32) {
        let track = &mut self.tracks[vehicle as usize];
        track.told = track.is;
    }

    /// What the vehicle has told last becomes wrong.
    pub(super) fn jump(&mut self, vehicle: u32, rng: &mut Rng) {
        let mut off = || {
            let distance = rng.between(JUMP.0, JUMP.1);
            if rng.one_in(2) { -distance } else { distance }
        };
        let (north, east) = (off(), off());
        let track = &mut self.tracks[vehicle as usize];
        track.told = track.is.moved(north, east);
    }

    /// Appends what the vehicle has told last as members of a JSON object, with a comma before.
    pub(super) fn write(&self, out: &mut Vec<u8>, vehicle: u32) {
        let Place { latitude, longitude } = self.tracks[vehicle as usize].told;
        out.extend_from_slice(br#","latitude":"#);
        push_degrees(out, latitude);
        out.extend_from_slice(br#","longitude":"#);
        push_degrees(out, longitude);
    }
}

impl Place {
    fn moved(self, north: i64, east: i64) -> Self {
        let within = |at: i32, by: i64, most: i32| {
            (i64::from(at) + by).clamp(-i64::from(most), i64::from(most)) as i32
        };
        Self {
            latitude: within(self.latitude, north, MOST.latitude),
            longitude: within(self.longitude, east, MOST.longitude),
        }
    }
}

/// Appends millionths as degrees: `48.137154`.
fn push_degrees(out: &mut Vec<u8>, millionths: i32) {
    if millionths < 0 {
        out.push(b'-');
    }
    let magnitude = u64::from(millionths.unsigned_abs());
    push_padded(out, magnitude / 1_000_000, 1);
    out.push(b'.');
    push_padded(out, magnitude % 1_000_000, 6);
}
