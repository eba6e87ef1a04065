//! How long a start takes: from the spawn to the first byte, to the first frame, to the room.

use super::{
    feeder::flood,
    plan::Plan,
    program::{Program, shell},
    sample::Sample,
    screen::Screen,
    service::Service,
    table::{Row, Table},
};
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// What stood in the room before; Parlor shows it, IRC has none.
const SAID_BEFORE: usize = 200;

/// Three times of every start.
#[derive(Debug, Default)]
struct Starts {
    byte: Sample,
    frame: Sample,
    room: Sample,
}

/// Measures starts in a directory that is new, and in one that was used before. The floor is measured between Parlor's own
/// starts: what makes the machine slow for a while makes both slow.
pub(crate) fn measure(program: Program, plan: &Plan, table: &mut Table) -> anyhow::Result<()> {
    if program == Program::Floor {
        return Ok(());
    }
    let mut first = Starts::default();
    for _ in 0..plan.first_starts {
        // A nickname belongs to the key that came first: another directory is somebody else.
        let service = serve(program)?;
        first.once(program, &service, program.home(&service)?.path())?;
    }
    table.set(Row::NewFrame, program, first.frame.median());
    table.set(Row::NewRoom, program, first.room.median());
    let service = serve(program)?;
    let (home, mut used) = (program.home(&service)?, Starts::default());
    Starts::default().once(program, &service, home.path())?;
    let mut floor = Sample::default();
    for _ in 0..plan.starts {
        used.once(program, &service, home.path())?;
        if program == Program::Parlor {
            floor.push_time(least()?);
        }
    }
    for row in [Row::FirstByte, Row::FirstFrame] {
        table.set(row, Program::Floor, floor.median());
    }
    table.set(Row::FirstByte, program, used.byte.median());
    table.set(Row::FirstFrame, program, used.frame.median());
    table.set(Row::Room, program, used.room.median());
    Ok(())
}

/// A server with a room in which something was said.
fn serve(program: Program) -> anyhow::Result<Service> {
    let service = program.serve()?;
    flood(&mut service.feeders()?, SAID_BEFORE)?;
    Ok(service)
}

impl Starts {
    fn once(&mut self, program: Program, service: &Service, home: &Path) -> anyhow::Result<()> {
        let tty = program.start(service, home)?;
        let since = tty.started;
        let mut screen = Screen::new();
        let frame = screen.until(&tty, since, "a first frame", |screen| !screen.trim().is_empty())?;
        let room = screen.until(&tty, since, "the room", |screen| program.is_in_room(screen))?;
        let byte = tty.look(|drawn| drawn.chunks.first().map_or(frame, |chunk| chunk.at));
        let push = |sample: &mut Sample, at: Instant| sample.push_time(at - since);
        push(&mut self.byte, byte);
        push(&mut self.frame, frame);
        push(&mut self.room, room);
        tty.quit()
    }
}

/// A shell that says one letter and is `cat` then: the least that a start can take.
fn least() -> anyhow::Result<Duration> {
    let tty = shell("echo x; cat")?;
    Ok(tty.wait_for(0, b'x')? - tty.started)
}
