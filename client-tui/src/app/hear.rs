//! What the link and the store tell, and what it changes.

use super::{
    App, Effect, Link,
    conversation::{Partner, View},
    form::Check,
    timeline::What,
};
use crate::{
    link::{Loss, News, Order, dial::DialError},
    store::{Job, Written},
    text::drawable_line,
};
use shared::{
    ErrorCode, Event, Kind, LogName, Outgoing, Rejection, Seq,
    event::{History, Ignore, Joined, Login, Ls, Message, Notice, Presence, Rooms, State},
    text::Label,
};

impl App {
    pub(super) fn link_news(&mut self, news: News) {
        match news {
            News::Dialling => {
                self.link = Link::Dialling;
                self.check("check-connecting");
            }
            News::Greeted => {
                self.link = Link::Greeted;
                self.check("check-nickname");
                let joins = self.joins();
                self.effects.push(Effect::Link(Order::LogIn(joins)));
            }
            News::Said(outgoing) => self.hear(*outgoing),
            News::Down { loss, retry } => self.down(&loss, retry.as_millis()),
        }
    }

    fn down(&mut self, loss: &Loss, retry_ms: u128) {
        let reason = self.loss_text(loss);
        match &mut self.form {
            Some(form) => form.check = Check::Failed(reason.clone()),
            None => self.say(reason.clone()),
        }
        let retry_at = self.now.mono + u64::try_from(retry_ms).unwrap_or(0);
        self.link = Link::Down { reason, retry_at };
        self.outbox.broken();
        for log in self.logs.values_mut() {
            log.joined = false;
        }
        for conversation in &mut self.conversations {
            conversation.is_loading = false;
        }
    }

    /// What has failed, and what to do.
    fn loss_text(&self, loss: &Loss) -> String {
        let (key, address, detail) = match loss {
            Loss::Dial(DialError::Lookup(host, detail)) => ("loss-lookup", host, detail.as_str()),
            Loss::Dial(DialError::Connect(address, detail)) => ("loss-connect", address, detail.as_str()),
            Loss::Dial(DialError::Tls(address)) => ("loss-tls", address, ""),
            Loss::Dial(DialError::Hello(address, detail)) => ("loss-hello", address, detail.as_str()),
            Loss::Closed => return self.locale.text("loss-closed"),
            Loss::Silent => return self.locale.text("loss-silent"),
            Loss::Broken(detail) => {
                return self.locale.with("loss-broken", &[("detail", drawable_line(detail).into())]);
            }
        };
        let arguments = [("address", drawable_line(address).into()), ("detail", drawable_line(detail).into())];
        self.locale.with(key, &arguments)
    }

    /// The form's live check has come to another step.
    fn check(&mut self, key: &str) {
        let address = self.address.as_ref().map(ToString::to_string).unwrap_or_default();
        let text = self.locale.with(key, &[("address", address.into()), ("nickname", self.me.to_string().into())]);
        if let Some(form) = &mut self.form {
            form.check = Check::Trying(text);
        }
    }

    pub(super) fn written(&mut self, written: Written) {
        match written {
            Written::Queued(id) => self.outbox.saved(&id),
            Written::Failed(reason) => {
                let text = self.locale.with("store-failed", &[("reason", reason.into())]);
                self.note(text);
            }
        }
    }

    fn hear(&mut self, outgoing: Outgoing) {
        match outgoing.event {
            Event::Login(login) => self.logged_in(login),
            Event::Joined(joined) => self.joined(joined),
            Event::Message(message) => self.message(message),
            Event::Ack(ack) => {
                self.store(Job::Settle(ack.id.clone()));
                self.outbox.stored(&ack.id, ack.seq);
                if self.logs.get(&ack.room).is_some_and(|log| log.cursor >= ack.seq) {
                    self.outbox.shown(&ack.id);
                }
            }
            Event::Gap { room, after, before, lost } => self.gap(&room, after, before, lost),
            Event::Ignore(ignore) => self.ignore_changed(&ignore),
            Event::Held { room, count } => {
                if let Some(index) = self.find(&Partner::Room(room)) {
                    self.conversations[index].held = count;
                }
            }
            Event::Away { on } => self.away = on,
            Event::Read { room, seq } => self.read_elsewhere(&room, seq),
            Event::Ls(page) => self.list_people(&page),
            Event::Rooms(page) => self.list_rooms(&page),
            Event::History(page) => self.history(page),
            Event::Presence(presence) => self.presence(&presence),
            Event::Roster { room, members, roster } => {
                if let Some(index) = self.find(&Partner::Room(room)) {
                    self.conversations[index].roster.set(members, Some(&roster));
                }
            }
            Event::Notice(notice) => self.notice(&notice),
            Event::Error(rejection) => self.error(*rejection),
            Event::Welcome(_)
            | Event::Left { .. }
            | Event::Search(_)
            | Event::Help { .. }
            | Event::Ping
            | Event::Pong
            | Event::Unknown => {}
        }
    }

    fn logged_in(&mut self, login: Login) {
        if !login.success {
            let code = login.code.unwrap_or(ErrorCode::Internal);
            let detail = login.detail.unwrap_or_default();
            let reason = self.error_text(&code, &detail);
            return self.reopen_form(1, reason);
        }
        self.form = None;
        self.link = Link::Up;
        self.me = login.nickname;
        self.ignoring = login.ignoring.unwrap_or(false);
        let server = self.address.as_ref().map(ToString::to_string).unwrap_or_default();
        let (nickname, room) = (self.me.to_string(), self.home.to_string());
        self.store(Job::Remember { server, nickname, room });
        self.tabs_changed();
    }

    fn joined(&mut self, joined: Joined) {
        let Joined { room, epoch, first, head, read, topic, members, roster } = joined;
        let log = self.logs.entry(room.clone()).or_default();
        let is_resumed = log.epoch.as_ref() == Some(&epoch);
        let was_known = log.epoch.is_some();
        if !is_resumed {
            log.cursor = head.back(shared::limits::LAST_DEFAULT).max(first.previous());
        }
        log.epoch = Some(epoch.clone());
        (log.first, log.mark, log.joined) = (first, read, true);
        let (cursor, mark) = (log.cursor, log.mark);
        if was_known && !is_resumed {
            self.forget(&room);
        }
        self.store(Job::Entries { room: room.clone(), epoch, cursor, entries: Vec::new() });
        if let Some(mark) = mark {
            self.store(Job::Mark(room.clone(), mark));
        }
        if let LogName::Room(name) = &room {
            let index = self.conversation(&Partner::Room(name.clone()));
            let conversation = &mut self.conversations[index];
            conversation.roster.set(members, roster.as_deref());
            conversation.topic = topic;
            conversation.is_complete = conversation.timeline.first_seq().unwrap_or(cursor.next()) <= first;
        }
        self.count_unread();
        self.divide();
    }

    /// A log is another one now: nothing that is here belongs to it.
    fn forget(&mut self, room: &LogName) {
        self.store(Job::Forget(room.clone()));
        for conversation in self.conversations.iter_mut().filter(|conversation| conversation.partner.log() == *room) {
            conversation.timeline.clear();
            (conversation.view, conversation.divider) = (View::Live, None);
        }
        let text = self.locale.with("log-changed", &[("room", room.to_string().into())]);
        self.note(text);
    }

    fn message(&mut self, message: Message) {
        let Message { room, entry } = message;
        let log = self.logs.entry(room.clone()).or_default();
        if entry.seq <= log.cursor {
            return;
        }
        let is_mine = entry.from.as_ref() == Some(&self.me);
        if is_mine && log.mark == Some(entry.seq.previous()) {
            log.mark = Some(entry.seq);
        }
        let before = std::mem::replace(&mut log.cursor, entry.seq);
        if let Some(epoch) = log.epoch.clone() {
            let cursor = entry.seq;
            self.store(Job::Entries { room: room.clone(), epoch, cursor, entries: vec![entry.clone()] });
        }
        if is_mine {
            self.outbox.shown(&entry.id);
        }
        let Some(partner) = self.partner_of(&room, &entry) else {
            // A tombstone in an inbox has nobody to be shown with.
            return;
        };
        let opens = self.find(&partner).is_none();
        let index = self.conversation(&partner);
        if opens {
            self.tabs_changed();
        }
        let is_read = self.is_seeing(index) || is_mine;
        let conversation = &mut self.conversations[index];
        if !is_read && conversation.divider.is_none_or(|divider| divider >= before) && conversation.unread == 0 {
            conversation.divider = Some(before);
        }
        if entry.kind == Kind::Topic {
            conversation.topic = Label::new(entry.msg.as_deref().unwrap_or_default());
        }
        if !is_mine {
            conversation.unread += 1;
        }
        conversation.timeline.push(What::Entry(entry));
    }

    fn gap(&mut self, room: &LogName, after: Seq, before: Seq, lost: bool) {
        let Some(log) = self.logs.get_mut(room) else { return };
        let is_beyond_head = lost && log.cursor > after;
        log.cursor = if is_beyond_head { after } else { before.previous() };
        let (cursor, epoch) = (log.cursor, log.epoch.clone());
        if is_beyond_head {
            self.store(Job::Truncate(room.clone(), after));
        }
        if let Some(epoch) = epoch {
            self.store(Job::Entries { room: room.clone(), epoch, cursor, entries: Vec::new() });
        }
        let at = self.now.wall;
        let text = self.locale.with("lost-beyond", &[("seq", after.get().into())]);
        for conversation in self.conversations.iter_mut().filter(|conversation| conversation.partner.log() == *room) {
            if is_beyond_head {
                conversation.timeline.truncate(after);
                conversation.timeline.push(What::Note { at, text: text.clone() });
            } else if conversation.timeline.last_seq().is_some() && *room != LogName::Inbox {
                conversation.timeline.push(What::Gap { after, before, lost });
            }
        }
    }

    fn ignore_changed(&mut self, ignore: &Ignore) {
        let was_on = std::mem::replace(&mut self.ignoring, ignore.on);
        if ignore.on {
            return;
        }
        for conversation in &mut self.conversations {
            conversation.held = 0;
        }
        if was_on {
            let text = self.locale.with("ignore-ended", &[("count", ignore.held.unwrap_or(0).into())]);
            self.say(text);
        }
    }

    fn list_people(&mut self, page: &Ls) {
        if !std::mem::take(&mut self.asked_ls) {
            return;
        }
        let names: Vec<String> = page
            .members
            .iter()
            .map(|member| match member.state {
                State::Ignoring => format!("⊘ {}", drawable_line(&member.nickname)),
                State::Away => format!("◌ {}", drawable_line(&member.nickname)),
                State::Online | State::Unknown => drawable_line(&member.nickname),
            })
            .collect();
        let more = if page.more { " …" } else { "" };
        let arguments = [("count", names.len().into()), ("names", (names.join(", ") + more).into())];
        let text = self.locale.with("ls", &arguments);
        self.note(text);
    }

    fn list_rooms(&mut self, page: &Rooms) {
        let mut lines = vec![self.locale.with("rooms", &[("count", page.rooms.len().into())])];
        for room in &page.rooms {
            let topic = drawable_line(&room.topic);
            lines.push(format!("{}  {}  {topic}", room.room, room.members).trim_end().to_owned());
        }
        if page.more {
            lines.push("…".into());
        }
        self.note(lines.join("\n"));
    }

    fn history(&mut self, page: History) {
        let History { room, epoch, entries, more } = page;
        let is_current = self.logs.get(&room).is_some_and(|log| log.epoch.as_ref() == Some(&epoch));
        for index in 0..self.conversations.len() {
            if self.conversations[index].partner.log() != room || !self.conversations[index].is_loading {
                continue;
            }
            let partner = self.conversations[index].partner.clone();
            let own: Vec<_> =
                entries.iter().filter(|e| self.partner_of(&room, e).as_ref() == Some(&partner)).cloned().collect();
            let conversation = &mut self.conversations[index];
            conversation.is_loading = false;
            if !is_current {
                continue;
            }
            conversation.is_complete = !more;
            conversation.timeline.merge(own);
        }
    }

    fn presence(&mut self, presence: &Presence) {
        let at = self.now.wall;
        if let Some(index) = self.find(&Partner::Room(presence.room.clone())) {
            let conversation = &mut self.conversations[index];
            conversation.roster.apply(presence);
            conversation.timeline.presence(&presence.joined, &presence.left, at);
        }
    }

    fn notice(&mut self, notice: &Notice) {
        let key = format!("notice-{}", notice.code.as_str().replace('_', "-"));
        let text = if self.locale.has(&key) { self.locale.text(&key) } else { drawable_line(notice.code.as_str()) };
        self.note(text);
    }

    fn error(&mut self, rejection: Rejection) {
        let reason = self.error_text(&rejection.code, &rejection.detail);
        match (&rejection.id, rejection.retry_ms) {
            (Some(id), Some(retry_ms)) => {
                self.outbox.retry(id, self.now.mono + retry_ms);
                self.say(reason);
            }
            (Some(id), None) => {
                self.outbox.refused(id, reason);
                self.store(Job::Settle(id.clone()));
            }
            (None, _) => {
                if rejection.request.as_deref() == Some("history") {
                    for conversation in &mut self.conversations {
                        conversation.is_loading = false;
                    }
                }
                // Joins that were written with a refused login are refused, too; the form says why.
                if self.form.is_none() {
                    self.note(reason);
                }
            }
        }
    }

    fn error_text(&self, code: &ErrorCode, detail: &str) -> String {
        let key = format!("error-{}", code.as_str().replace('_', "-"));
        let detail = drawable_line(detail);
        if self.locale.has(&key) { self.locale.with(&key, &[("detail", detail.into())]) } else { detail }
    }

    /// Marks a log as to be joined anew.
    pub(super) fn join_log(&mut self, room: LogName) {
        let start = self.logs.entry(room.clone()).or_default().start();
        self.ask(shared::Request::Join { room, start });
    }
}
