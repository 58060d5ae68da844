//! The memory of the process, held against a limit.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// How often it is looked at, at most.
const LOOK: Duration = Duration::from_millis(50);

/// `state.memory.limit`
#[derive(Debug)]
pub(crate) struct MemoryLimit {
    bytes: Option<u64>,
    /// When it was looked at.
    looked: Mutex<Option<Instant>>,
}

impl MemoryLimit {
    pub(crate) fn new(bytes: Option<u64>) -> Self {
        Self { bytes, looked: Mutex::default() }
    }

    /// The limit and what the process has, if that is more. Systems that do not tell it have no limit.
    pub(crate) fn passed(&self) -> Option<(u64, u64)> {
        let limit = self.bytes?;
        let mut looked = self.looked.try_lock()?;
        if looked.is_some_and(|looked| looked.elapsed() < LOOK) {
            return None;
        }
        *looked = Some(Instant::now());
        let resident = resident_bytes()?;
        (resident > limit).then_some((limit, resident))
    }
}

fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_has_more_than_a_byte_and_less_than_all() {
        let small = MemoryLimit::new(Some(1));
        assert!(small.passed().is_some_and(|(limit, resident)| limit == 1 && resident > 1 << 20));
        assert!(small.passed().is_none(), "it was looked at just now");
        let (large, none) = (MemoryLimit::new(Some(u64::MAX)), MemoryLimit::new(None));
        assert_eq!((large.passed(), none.passed()), (None, None));
    }
}
