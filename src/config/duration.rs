//! Durations as people write them: `250ms`, `10s`, `5m`, `24h`.

use std::time::Duration;

use super::Fault;

pub(super) fn parse(text: &str) -> Result<Duration, Fault> {
    humantime::parse_duration(text).map_err(|_| {
        Fault::new("not a duration", r#"write a number and a unit, such as "250ms", "10s", "5m" or "24h""#)
    })
}

pub(super) fn show(duration: Duration) -> String {
    humantime::format_duration(duration).to_string().replace(' ', "")
}
