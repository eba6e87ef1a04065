//! How long a typed key takes to be drawn, in a silent room and while others talk.

use super::{
    feeder::Steady,
    plan::Plan,
    program::Program,
    sample::Sample,
    table::{Row, Table},
    tty::Tty,
};
use std::{
    thread,
    time::{Duration, Instant},
};

/// The key; it occurs in nothing else that is drawn.
pub(crate) const KEY: u8 = b'~';
const BACKSPACE: &[u8] = b"\x7f";
/// Messages a second that others say.
pub(crate) const RATES: [u32; 3] = [0, 200, 1000];
/// Between two keys: long enough for the first to be gone again, and never in step with frames.
const PAUSE: Duration = Duration::from_millis(12);
/// The talk gets going.
const GOING: Duration = Duration::from_millis(300);
/// The rate that was asked for counts as reached.
const NEAR: f64 = 0.95;

/// Measures keys under every rate.
pub(crate) fn measure(program: Program, plan: &Plan, table: &mut Table) -> anyhow::Result<()> {
    for rate in RATES {
        let service = program.serve()?;
        let home = program.home(&service)?;
        let (mut tty, _) = program.join(&service, home.path())?;
        let talk = if rate > 0 { Some(Steady::start(service.feeders()?, rate)) } else { None };
        thread::sleep(GOING);
        let sample = type_keys(&mut tty, plan.keys);
        if let Some(talk) = talk {
            let reached = talk.stop()?;
            if reached < NEAR * f64::from(rate) {
                eprintln!("echo, {}: only {reached:.0} of {rate} messages a second were said", program.name());
            }
        }
        let sample = sample?;
        for percent in [50, 90] {
            table.set(Row::Echo { rate, percent }, program, sample.percentile(percent));
        }
    }
    Ok(())
}

fn type_keys(tty: &mut Tty, count: usize) -> anyhow::Result<Sample> {
    let mut sample = Sample::default();
    for n in 0..count {
        let (drawn, typed) = (tty.drawn(), Instant::now());
        tty.send(&[KEY])?;
        sample.push_time(tty.wait_for(drawn, KEY)?.saturating_duration_since(typed));
        tty.send(BACKSPACE)?;
        thread::sleep(PAUSE + Duration::from_micros(u64::try_from(n * 7919 % 16_000)?));
    }
    Ok(sample)
}
