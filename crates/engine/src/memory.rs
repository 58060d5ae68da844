//! The memory of the process, held against a limit.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// How often it is looked at, at most.
const LOOK: Duration = Duration::from_millis(50);

/// `state.memory.limit`
#[derive(Debug)]
pub(crate) struct MemoryLimit {
    bytes: Option<u64>,
    looked: Mutex<Instant>,
}

impl MemoryLimit {
    pub(crate) fn new(bytes: Option<u64>) -> Self {
        Self { bytes, looked: Mutex::new(Instant::now()) }
    }

    /// The limit and what the process has, if that is more. Systems that do not tell it have no limit.
    pub(crate) fn passed(&self) -> Option<(u64, u64)> {
        let limit = self.bytes?;
        let mut looked = self.looked.try_lock()?;
        if looked.elapsed() < LOOK {
            return None;
        }
        *looked = Instant::now();
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
        std::thread::sleep(LOOK);
        assert!(MemoryLimit::new(Some(1)).passed().is_none(), "it was looked at just now");
        let small = MemoryLimit::new(Some(1));
        std::thread::sleep(LOOK + LOOK);
        assert!(small.passed().is_some_and(|(limit, resident)| limit == 1 && resident > 1 << 20));
        let large = MemoryLimit::new(Some(u64::MAX));
        std::thread::sleep(LOOK + LOOK);
        assert_eq!((large.passed(), MemoryLimit::new(None).passed()), (None, None));
    }
}
