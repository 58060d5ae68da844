//! Series to send: ten labels as a fleet of vehicles would have, and an order to send them in.

use narthex_model::{Labels, LabelsBuilder};

const REGIONS: [&str; 20] = [
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "ca-central-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-central-1",
    "eu-north-1",
    "eu-south-1",
    "ap-south-1",
    "ap-east-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "sa-east-1",
    "me-south-1",
    "af-south-1",
];
const MODELS: [&str; 7] = ["Aurora", "Borealis", "Cirrus", "Dune", "Everest", "Fjord", "Glacier"];

/// The label set of series `n`.
pub(crate) fn labels(builder: &mut LabelsBuilder, n: u64) -> Labels {
    let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    let vehicle = decimal(b'V', n);
    let host = decimal(b'h', mixed % 500);
    let shard = decimal(b's', mixed % 64);
    builder.push(b"__name__", b"vehicle_engine_rpm");
    builder.push(b"customer", if mixed.is_multiple_of(3) { b"acme-logistics" } else { b"globex-transport" });
    builder.push(b"environment", b"production");
    builder.push(b"firmware", if mixed.is_multiple_of(5) { b"4.17.2-hotfix1" } else { b"4.18.0" });
    builder.push(b"gateway", &host);
    builder.push(b"job", b"telemetry-ingest");
    builder.push(b"model", MODELS[mixed as usize % MODELS.len()].as_bytes());
    builder.push(b"partition", &shard);
    builder.push(b"region", REGIONS[mixed as usize % REGIONS.len()].as_bytes());
    builder.push(b"vehicle_id", &vehicle);
    builder.finish()
}

/// A letter and ten digits, without the formatting machinery.
fn decimal(letter: u8, mut n: u64) -> [u8; 11] {
    let mut text = [b'0'; 11];
    text[0] = letter;
    for digit in text[1..].iter_mut().rev() {
        *digit = b'0' + (n % 10) as u8;
        n /= 10;
    }
    text
}

/// The numbers below `count` in an order that no cache foresees, the same each time.
pub(crate) fn shuffled(count: usize) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count as u32).collect();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for at in (1..order.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        order.swap(at, (state % (at as u64 + 1)) as usize);
    }
    order
}
