//! What starts and what ends: servers, clients, and all that is broken.

use crate::{
    pipe::End,
    world::{Happening, World},
};
use client_tui::app::Event as Happens;
use server::{Config, config::Overrides, engine::Engine, hub::Hub};

impl World {
    pub(crate) fn start_server(&mut self) {
        if self.engine.is_some() {
            return;
        }
        let (inbox, stored) = self.disk.start();
        self.starts += 1;
        let data_dir = Some("nowhere".into());
        let config = Config::load(Overrides { data_dir, allow_plain: true, ..Overrides::default() }).unwrap();
        let now = self.server_clock();
        let hub = Hub::new(config.rules.clone(), stored, format!("g{}", self.starts), now);
        self.engine = Some(Engine::new(&config, hub, Box::new(inbox), now));
    }

    /// The server is gone in the middle of whatever it did.
    pub(crate) fn kill_server(&mut self) {
        if self.engine.is_some() {
            self.disk.cut(&mut self.dice);
            self.end_connections();
        }
    }

    fn end_connections(&mut self) {
        for wire in self.active.clone() {
            if self.wires[wire].start == self.starts {
                let end = if self.dice.bool() { End::Reset } else { End::Closed };
                self.cut(wire, Some(end));
            }
        }
        self.engine = None;
        let wait = self.dice.u64(1..8_000);
        self.at(wait, Happening::Start);
    }

    /// The server is asked to end, and does.
    pub(crate) fn end_server(&mut self) {
        self.with_engine(|engine| {
            engine.say_goodbye();
            engine.flush_all();
            engine.hand_over();
        });
        for _ in 0..100 {
            for output in self.disk.step(&mut self.dice) {
                self.with_engine(|engine| engine.output(output));
            }
            self.with_engine(|engine| {
                engine.flush_all();
                engine.hand_over();
            });
        }
        for wire in self.active.clone() {
            self.carry(wire);
        }
        self.kill_server();
    }

    pub(crate) fn start_client(&mut self, client: usize) {
        let now = self.clock();
        if self.clients[client].app.is_none() {
            self.clients[client].start(now);
        }
    }

    /// Somebody types a line.
    pub(crate) fn types(&mut self, client: usize, line: &str) {
        let now = self.clock();
        self.clients[client].happens(Happens::Line(line.into()), now);
    }

    /// Nothing breaks any more, and people do what they are asked.
    pub(crate) fn heal(&mut self) {
        self.disk.fill(false);
        (self.fails, self.unreachable_until) = (false, 0);
        self.clients.iter_mut().for_each(|client| client.stalled_until = 0);
        self.help();
    }

    pub(crate) fn help(&mut self) {
        self.start_server();
        for client in 0..self.clients.len() {
            self.start_client(client);
            let app = self.clients[client].app.as_ref().unwrap();
            let (asks, ignores) = (app.overlay.is_some(), app.ignoring && self.clients[client].is_up());
            if asks {
                self.types(client, "s");
            }
            if ignores {
                self.types(client, "/i");
            }
        }
        self.at(1_000, Happening::Help);
        self.settle();
    }
}
