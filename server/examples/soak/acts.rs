//! What clients do.

use crate::{
    client::{Client, Follow, INBOX, Phase, ROOMS, Stands, Who, keyed_name, room_name},
    crowd::{Crowd, KEYS},
    ledger::NOBODY,
    talk,
};
use serde_json::json;
use shared::limits::SENDS_UNANSWERED;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Of a hundred messages, those to a person, and those that are topics or actions.
const DIRECT: u32 = 8;
const TOPICS: u32 = 1;
const ACTIONS: u32 = 3;

impl Crowd {
    /// Somebody says something.
    pub(crate) fn say_something(&mut self) {
        for _ in 0..50 {
            let n = fastrand::usize(..self.clients.len());
            let client = &self.clients[n];
            if !client.is_free() || client.unanswered.len() >= SENDS_UNANSWERED {
                continue;
            }
            if client.is_classic() {
                // Their only room is to stay readable.
                if fastrand::u8(..4) == 0 && self.say_classic(n) {
                    return;
                }
                continue;
            }
            let dice = fastrand::u32(..100);
            let said = if dice < DIRECT { self.say_direct(n) } else { self.say_to_room(n, dice - DIRECT) };
            if said {
                return self.flush(n);
            }
        }
        self.ledger.did("nobody could talk");
    }

    fn say_to_room(&mut self, n: usize, dice: u32) -> bool {
        let client = &self.clients[n];
        let Some(follow) = client.any_log(false) else { return false };
        // Now and then somebody tries in spite of ignore mode.
        if client.ignoring && fastrand::u8(..50) > 0 {
            return false;
        }
        let (room, log, cursor) = (follow.room, follow.log, follow.cursor);
        let number = self.ledger.say(log, NOBODY, dice < TOPICS);
        let text = &self.ledger.lines[self.ledger.said[number].line];
        let mut request =
            json!({"type": "broadcast", "room": room_name(room), "id": format!("m{number}"), "msg": text});
        if dice < TOPICS {
            request["type"] = "topic".into();
        } else if dice < TOPICS + ACTIONS {
            request["kind"] = "action".into();
        } else if cursor > 0 && fastrand::u8(..10) == 0 {
            request["re"] = cursor.into();
        }
        self.send(n, number, &request);
        true
    }

    fn say_direct(&mut self, n: usize) -> bool {
        let Some(log) = self.clients[n].follow(INBOX).filter(|follow| follow.stands == Stands::In).map(|f| f.log)
        else {
            return false;
        };
        let key = fastrand::usize(..KEYS);
        let (to, name) = if self.claimed[key] && fastrand::bool() {
            (u32::try_from(key).unwrap_or(NOBODY), keyed_name(key))
        } else {
            let other = &self.clients[fastrand::usize(..self.clients.len())];
            if !other.is_here() || matches!(other.who, Who::Keyed(_)) {
                return false;
            }
            (NOBODY, other.name.clone())
        };
        let number = self.ledger.say(log, to, false);
        let text = &self.ledger.lines[self.ledger.said[number].line];
        let request = json!({"type": "sendto", "nickname": name, "id": format!("m{number}"), "msg": text});
        self.send(n, number, &request);
        true
    }

    fn send(&mut self, n: usize, number: usize, request: &serde_json::Value) {
        self.clients[n].unanswered.push_back(number);
        // Should the connection break, it is sent again as it was.
        self.requests.insert(number, request.to_string().into());
        self.clients[n].ask(request);
    }

    /// A connection is back: what it has not heard of is sent again.
    pub(crate) fn send_again(&mut self, n: usize) {
        let client = &mut self.clients[n];
        while let Some(number) = client.unsure.pop_front() {
            let Some(request) = self.requests.get(&number) else { continue };
            client.unanswered.push_back(number);
            client.unsent.extend_from_slice(request.as_bytes());
            client.unsent.push(b'\n');
            self.ledger.said[number].again = true;
            self.ledger.did("sent again");
        }
    }

    /// Somebody does something else.
    pub(crate) fn act(&mut self, now: Instant) {
        let n = fastrand::usize(..self.clients.len());
        if !self.clients[n].is_free() {
            return;
        }
        if self.clients[n].is_classic() {
            self.act_classic(n, now);
        } else {
            self.act_native(n, now);
        }
        self.flush(n);
    }

    fn act_native(&mut self, n: usize, now: Instant) {
        let dice = fastrand::u32(..100);
        let client = &mut self.clients[n];
        let any = client.any_log(true).map(|follow| (room_name(follow.room), follow.cursor));
        let any_room = client.any_log(false).map(|follow| room_name(follow.room));
        let what = match (dice, any, any_room) {
            (0..24, Some((room, seq)), _) => {
                client.ask(&json!({"type": "read", "room": room, "seq": seq}));
                "read"
            }
            (24..36, Some((room, seq)), _) => {
                let mut request = json!({"type": "history", "room": room, "limit": fastrand::u64(1..=200)});
                if fastrand::bool() {
                    request["before"] = fastrand::u64(1..=seq + 1).into();
                }
                client.ask(&request);
                "history"
            }
            (36..42, _, room) => {
                let line = fastrand::choice(&self.ledger.lines).and_then(|line| talk::word(line));
                let mut request = json!({"type": "search", "text": line.unwrap_or("ubuntu"), "limit": 20});
                if let Some(room) = room.filter(|_| fastrand::bool()) {
                    request["room"] = room.into();
                }
                client.ask(&request);
                "search"
            }
            (42..48, _, Some(room)) => {
                client.ask(&json!({"type": "ls", "room": room}));
                "ls"
            }
            (48..50, ..) => {
                client.ask(&json!({"type": "ls", "limit": 100}));
                "ls of all"
            }
            (50..53, ..) => {
                client.ask(&json!({"type": "rooms"}));
                "rooms"
            }
            (53..60, ..) => {
                client.away = !client.away;
                client.ask(&json!({"type": "away", "on": client.away}));
                "away"
            }
            (60..68, ..) => {
                client.start_ignoring(now);
                "ignore"
            }
            (68..72, ..) => {
                client.change_rooms();
                "leave and join"
            }
            (72..75, ..) => {
                client.ask(&json!({"type": "ping"}));
                "ping"
            }
            (75..76, ..) => {
                client.ask(&json!({"type": "help"}));
                "help"
            }
            (76..79, ..) => {
                client.stalled = Some(now + Duration::from_secs(fastrand::u64(5..25)));
                "stopped reading"
            }
            (79..86, ..) => {
                self.part(n, dice < 82, now);
                "broke"
            }
            (86..90, ..) => {
                client.ask(&json!({"type": "bye"}));
                (client.phase, client.since) = (Phase::Leaving, now);
                "bye"
            }
            _ => return,
        };
        self.ledger.did(what);
    }

    pub(crate) fn stop_ignoring(&mut self, n: usize, now: Instant) {
        let client = &mut self.clients[n];
        client.ignore_changed = Some(now);
        if client.is_classic() {
            self.toggle_classic(n);
        } else {
            client.ask(&json!({"type": "ignore", "on": false}));
        }
        self.flush(n);
    }
}

impl Client {
    fn start_ignoring(&mut self, now: Instant) {
        self.ignore_changed = Some(now);
        let time = Duration::from_secs(fastrand::u64(2..20));
        if fastrand::bool() {
            let until = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + time;
            let until = u64::try_from(until.as_millis()).unwrap_or(0);
            self.ask(&json!({"type": "ignore", "on": true, "until": until}));
        } else {
            self.ignore_ends = Some(now + time);
            self.ask(&json!({"type": "ignore", "on": true}));
        }
    }

    /// It leaves a room and goes into another one, or only the one or the other.
    fn change_rooms(&mut self) {
        let rooms = self.follows.iter().filter(|follow| follow.room != INBOX).count();
        if rooms > 1
            && let Some(room) = self.any_log(false).map(|follow| follow.room)
            && let Some(follow) = self.follow(room)
        {
            // What is still on its way is taken until the answer comes.
            follow.stands = Stands::Leaves;
            self.ask(&json!({"type": "leave", "room": room_name(room)}));
        }
        if rooms < 4 {
            self.join_any();
        }
    }

    /// Goes into a room where it is not.
    fn join_any(&mut self) {
        let room = fastrand::usize(..ROOMS);
        if self.follow(room).is_none() {
            self.join(room, fastrand::u64(..=60));
        }
    }

    fn join(&mut self, room: usize, last: u64) {
        self.ask(&json!({"type": "join", "room": room_name(room), "last": last}));
        self.follows.push(Follow {
            room,
            log: 0,
            epoch: "".into(),
            cursor: 0,
            stands: Stands::Fresh(last),
            since: Instant::now(),
        });
    }

    /// It is logged in: goes on where it was, or into new rooms.
    pub(crate) fn join_all(&mut self) {
        let mut lines = Vec::new();
        for follow in &mut self.follows {
            follow.stands = Stands::Resumes;
            let room = room_name(follow.room);
            lines.push(json!({"type": "join", "room": room, "after": follow.cursor, "epoch": follow.epoch}));
        }
        for line in &lines {
            self.ask(line);
        }
        if self.follow(INBOX).is_none() {
            self.join(INBOX, 50);
        }
        if !self.follows.iter().any(|follow| follow.room != INBOX) {
            self.join_any();
            self.join_any();
        }
    }
}
