//! What the engine does: batches are stored, pages are read, cursors move.

use super::{TAIL_BYTES, World};
use server::{
    ids::{LogId, SessionId},
    journal::{Done, Op, Query},
};
use shared::{Outgoing, Seq};

impl World {
    /// The journal does up to so many ops in one transaction, or refuses them all. True if there were any.
    pub(crate) fn commit(&mut self, count: usize, is_full: bool) -> bool {
        // Ignore mode goes alone, so that what it is checked against is as it was then.
        let hold = self.queue.iter().position(|op| matches!(op, Op::SetHold(..))).map_or(usize::MAX, |at| at.max(1));
        let ops: Vec<Op> = self.queue.drain(..count.min(hold).min(self.queue.len())).collect();
        let any = !ops.is_empty();
        let done = self.disk.commit(ops, is_full, self.now.wall);
        for (_, done) in &done {
            let Done::Appended { entry, copy, .. } = done else { continue };
            for new in std::iter::once(entry).chain(copy) {
                if let Some(log) = self.disk.logs.get(&new.log)
                    && (self.hub.is_followed(new.log) || self.tails.contains_key(&new.log))
                {
                    self.tails.entry(new.log).or_default().push(new.seq, log.line(new.seq.get()), TAIL_BYTES);
                }
            }
        }
        self.hub.settle(done, self.now);
        self.apply();
        self.pump_all();
        any
    }

    /// The pages come that were asked for.
    pub(crate) fn page(&mut self) {
        for query in std::mem::take(&mut self.reads) {
            match query {
                Query::Lines { session, log, after, head, stand, .. } => {
                    let last = head.min(after.forward(64));
                    let mut follows = self.hub.follows(session).iter_mut();
                    let Some(follow) = follows.find(|f| f.log == log && f.stand == stand) else { continue };
                    follow.fetching = 0;
                    self.dirty.insert(session);
                    if !follow.paused {
                        follow.cursor = last;
                        self.show(session, log, after, last);
                    }
                }
                Query::History(asker, query) => {
                    self.hub.answered(asker.session, false);
                    let event = self.disk.history(&query);
                    self.receive(asker.session, Outgoing { event, tag: asker.tag });
                }
                Query::Search(asker, query) => {
                    self.hub.answered(asker.session, false);
                    let event = self.disk.search(&query);
                    self.receive(asker.session, Outgoing { event, tag: asker.tag });
                }
            }
        }
        self.pump_all();
    }

    /// A session that may have something to send is sent it: so many bytes of what the tails have; for the rest a page
    /// is asked for. False if there was nothing to do.
    pub(crate) fn flush(&mut self, id: SessionId, mut bytes: usize) -> bool {
        if !self.dirty.remove(&id) {
            return false;
        }
        for index in 0..self.hub.follows(id).len() {
            let follow = self.hub.follows(id)[index].clone();
            let (tail, head) = (self.tails.get(&follow.log), self.hub.head(follow.log));
            match tail.and_then(|tail| Some((tail, tail.behind(follow.cursor)?))).filter(|_| !follow.paused) {
                Some((tail, lines)) => {
                    let sent = bytes.min(lines.len());
                    bytes -= sent;
                    if sent < lines.len() {
                        self.dirty.insert(id);
                    }
                    let reached = tail.advance(follow.cursor, sent);
                    self.hub.follows(id)[index].cursor = reached;
                    self.show(id, follow.log, follow.cursor, reached);
                }
                None if !follow.paused && follow.cursor < head && follow.fetching != follow.stand => {
                    self.hub.follows(id)[index].fetching = follow.stand;
                    let (log, room, after, stand) = (follow.log, follow.room, follow.cursor, follow.stand);
                    self.reads.push(Query::Lines { session: id, log, room, after, head, stand });
                }
                None => {}
            }
        }
        true
    }

    /// Everything that is under way arrives.
    pub(crate) fn settle(&mut self) {
        loop {
            let mut any = self.commit(usize::MAX, false) || !self.reads.is_empty();
            self.page();
            for id in self.dirty.clone() {
                any |= self.flush(id, usize::MAX);
            }
            if !any {
                return;
            }
        }
    }

    /// The entries behind `after` up to `last`, as their lines say.
    fn show(&mut self, id: SessionId, log: LogId, after: Seq, last: Seq) {
        for n in after.get() + 1..=last.get() {
            assert!(last <= self.hub.head(log), "nothing is shown before it is committed");
            let outgoing = Outgoing::decode(self.disk.logs[&log].line(n)).unwrap();
            self.receive(id, outgoing);
        }
    }
}
