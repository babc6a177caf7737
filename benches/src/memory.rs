//! How much memory this process has, as the system counts it.

/// The most that it had at once since its start or the last [`forget_peak`], in bytes; 0 where the system does not say.
#[must_use]
pub fn peak() -> u64 {
    of_status("VmHWM:")
}

/// What it has now, in bytes; 0 where the system does not say.
#[must_use]
pub fn now() -> u64 {
    of_status("VmRSS:")
}

/// Lets the peak begin anew from what there is now. Where the system does not permit that, the peak stays that of the whole run.
pub fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

fn of_status(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) << 10
}
