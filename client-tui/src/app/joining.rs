//! Joining logs: with the login, later, and again.

use super::{App, Link, Log};
use shared::{LogName, Request};

impl App {
    /// What is joined with the login: the inbox and every room that is open, from where each was left.
    pub(super) fn joins(&mut self) -> Vec<Request> {
        let join = |(room, log): (&LogName, &mut Log)| {
            log.join_at = None;
            Request::Join { room: room.clone(), start: log.start() }
        };
        self.logs.iter_mut().map(join).collect()
    }

    /// Asks again for the joins that were refused for a while.
    pub(super) fn join_again(&mut self) {
        if self.link != Link::Up {
            return;
        }
        let due = |at: Option<u64>| at.is_some_and(|at| at <= self.now.mono);
        let rooms: Vec<LogName> =
            self.logs.iter().filter(|(_, log)| due(log.join_at)).map(|(room, _)| room.clone()).collect();
        for room in rooms {
            self.join_log(room);
        }
    }

    /// When the next of them is asked for.
    pub(super) fn next_join(&self) -> Option<u64> {
        self.logs.values().filter_map(|log| log.join_at).min().filter(|_| self.link == Link::Up)
    }

    /// Joins a log from where it was left, as soon as there is a link.
    pub(super) fn join_log(&mut self, room: LogName) {
        let is_up = self.link == Link::Up;
        let log = self.logs.entry(room.clone()).or_default();
        log.join_at = (!is_up).then_some(self.now.mono);
        let start = log.start();
        self.ask(Request::Join { room, start });
    }
}
