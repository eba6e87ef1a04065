//! What a client does while nothing happens.

use super::{
    plan::Plan,
    process,
    program::Program,
    table::{Row, Table},
};
use std::{thread, time::Duration};

/// The join has to be over.
const CALM: Duration = Duration::from_secs(2);

/// Measures a silent room.
pub(crate) fn measure(program: Program, plan: &Plan, table: &mut Table) -> anyhow::Result<()> {
    if program == Program::Floor {
        return Ok(());
    }
    let service = program.serve()?;
    let home = program.home(&service)?;
    let (tty, _) = program.join(&service, home.path())?;
    thread::sleep(CALM);
    let (pid, drawn) = (tty.pid()?, tty.drawn());
    let switches = process::switches(pid)?;
    thread::sleep(plan.idle);
    let switches = process::switches(pid)? - switches;
    table.set(Row::IdleSwitches, program, Some(switches / plan.idle.as_secs_f64()));
    table.set(Row::IdleBytes, program, Some(f64::from(u32::try_from(tty.drawn() - drawn)?)));
    Ok(())
}
