//! What people do, and what breaks meanwhile.

use crate::{pipe::End, world::World};
use client_tui::app::Event as Happens;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use fastrand::Rng;
use std::net::{IpAddr, Ipv4Addr};

/// How wild a life is, and how much of it is left.
pub(crate) struct Life {
    left: u32,
    /// Of a hundred steps so many break something.
    faults: u8,
    /// People come from everywhere: the rates hold for them.
    is_public: bool,
}

impl Life {
    pub(crate) fn new(dice: &mut Rng) -> Self {
        let left = if dice.u8(..40) == 0 { dice.u32(100..400) } else { dice.u32(5..40) };
        Self { left, faults: dice.u8(..50), is_public: dice.u8(..4) == 0 }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.left == 0
    }

    pub(crate) fn address(&self) -> IpAddr {
        if self.is_public { Ipv4Addr::new(192, 0, 2, 7).into() } else { Ipv4Addr::LOCALHOST.into() }
    }

    /// The next step; how long until the one after it.
    pub(crate) fn go_on(world: &mut World) -> u64 {
        world.life.left = world.life.left.saturating_sub(1);
        if world.dice.u8(..100) < world.life.faults {
            breaks(world);
        } else {
            acts(world);
        }
        match world.dice.u8(..60) {
            0 => world.dice.u64(..400_000),
            1..=4 => world.dice.u64(..60_000),
            5..=20 => world.dice.u64(..3_000),
            _ => world.dice.u64(1..80),
        }
    }
}

fn acts(world: &mut World) {
    let client = world.dice.usize(..world.clients.len());
    let other = world.dice.usize(..world.clients.len());
    let (name, number) = (world.clients[client].name.clone(), world.clients[client].said);
    match world.dice.u8(..100) {
        0..60 => {
            for _ in 0..world.dice.u32(1..4) {
                world.clients[client].said += 1;
                world.types(client, &format!("{name} says {}", world.clients[client].said));
            }
        }
        60..72 => {
            let to = world.clients[other].name.clone();
            world.types(client, &format!("/msg {to} psst {number}"));
        }
        72..78 => world.types(client, "/i"),
        78..82 => world.types(client, "/join #side"),
        82..85 => world.types(client, "/join #lobby"),
        85..88 => world.types(client, &format!("/topic {name} wants {number}")),
        88..91 => world.types(client, &format!("/me waves {number}")),
        91..93 => world.types(client, "/leave"),
        _ => {
            let key = KeyEvent::new(KeyCode::PageUp, KeyModifiers::NONE);
            let now = world.clock();
            world.clients[client].happens(Happens::Key(key), now);
        }
    }
}

fn breaks(world: &mut World) {
    let client = world.dice.usize(..world.clients.len());
    match world.dice.u8(..100) {
        0..40 if !world.wires.is_empty() => {
            // Mostly one of the newest: the others are gone already.
            let newest = world.wires.len().min(6);
            let wire = world.wires.len() - 1 - world.dice.usize(..newest);
            let end = [Some(End::Closed), Some(End::Reset), None][world.dice.usize(..3)];
            world.cut(wire, end);
        }
        40..52 => world.kill_server(),
        52..57 => world.end_server(),
        57..63 => world.fails = true,
        63..70 => world.disk.fill(true),
        70..78 => world.disk.fill(false),
        78..86 => {
            if world.clients[client].app.is_some() {
                world.clients[client].kill();
            } else {
                world.start_client(client);
            }
        }
        86..92 => world.clients[client].stalled_until = world.now + world.dice.u64(..30_000),
        92..96 => world.unreachable_until = world.now + world.dice.u64(..60_000),
        _ => world.clock_off = world.dice.i64(-2_000_000_000_000..2_000_000_000_000),
    }
    // What was killed comes back.
    if world.dice.u8(..3) == 0 {
        world.start_client(client);
    }
}
