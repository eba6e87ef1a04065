//! What the link and the store tell, and what it changes.

use super::{
    App, Effect, Link,
    conversation::{Partner, View},
    form::Check,
    span::{Gap, Span},
    timeline::What,
};
use crate::{
    link::{Loss, News, Order},
    markup,
    store::{Job, Written},
    text::drawable_line,
};
use shared::{
    ErrorCode, Event, Kind, LogName, Outgoing, Seq,
    code::NoticeCode,
    event::{Ack, Joined, Login, Message, Notice, Presence},
    text::Label,
};
use std::time::Duration;

impl App {
    pub(super) fn link_news(&mut self, news: News) {
        match news {
            News::Dialling => {
                self.link = Link::Dialling;
                self.check("check-connecting");
            }
            News::Greeted { motd, pinned } => {
                self.link = Link::Greeted;
                self.check("check-nickname");
                self.greeting(&motd);
                self.note_pinned(pinned);
                self.log_in();
            }
            News::Said(outgoing) => self.hear(*outgoing),
            News::Down { loss, retry } => self.down(loss, retry),
        }
    }

    /// Logs in, once what was kept of an earlier run is here: it says where each log goes on.
    pub(super) fn log_in(&mut self) {
        self.log_in_at = None;
        if self.loaded && self.link == Link::Greeted {
            let joins = self.joins();
            self.effects.push(Effect::Link(Order::LogIn(joins)));
        }
    }

    /// What the operator has to say, once.
    fn greeting(&mut self, motd: &Label) {
        if !motd.trim().is_empty() && *motd != self.motd {
            self.motd = motd.clone();
            let text = self.locale.with("motd", &[("text", drawable_line(motd).into())]);
            self.note(text);
        }
    }

    fn down(&mut self, loss: Loss, retry: Option<Duration>) {
        let reason = self.loss_text(&loss);
        match &mut self.form {
            // The form says what it is about.
            Some(_) if loss == Loss::PutOut => {}
            Some(form) => form.check = Check::Failed(reason.clone()),
            None => self.say(reason.clone()),
        }
        let retry_at = retry.map(|retry| self.now.mono + u64::try_from(retry.as_millis()).unwrap_or(0));
        self.link = Link::Down { reason, retry_at };
        self.certificate_changed(loss);
        self.outbox.broken();
        for log in self.logs.values_mut() {
            (log.joined, log.join_at) = (false, None);
        }
        self.down_since.get_or_insert(self.now.mono);
        self.latency = None;
        self.asked_at.clear();
        self.pages.clear();
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
            Written::Loaded(saved) => self.restore(*saved),
            Written::Page { room, entries } => self.kept_page(&room, entries),
            Written::Failed(reason) => {
                self.reading_store = None;
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
            Event::Ack(ack) => self.acknowledged(&ack),
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
            Event::Search(page) => self.found(&page),
            Event::Presence(presence) => self.presence(&presence),
            Event::Roster { room, members, roster } => {
                if let Some(index) = self.find(&Partner::Room(room)) {
                    self.conversations[index].roster.set(members, Some(&roster));
                }
            }
            Event::Notice(notice) => self.notice(&notice),
            Event::Release { nickname } => self.released(&nickname),
            Event::Error(rejection) => self.refused(&rejection),
            Event::Welcome(_)
            | Event::Left { .. }
            | Event::Help { .. }
            | Event::Ping
            | Event::Pong
            | Event::Unknown => {}
        }
    }

    fn acknowledged(&mut self, ack: &Ack) {
        self.time_answer(&ack.id);
        self.note_late(&ack.id, ack.at);
        self.store(Job::Settle(ack.id.clone()));
        self.outbox.stored(&ack.id, ack.seq);
        if self.logs.get(&ack.room).is_some_and(|log| log.cursor >= ack.seq) {
            self.outbox.shown(&ack.id);
        }
    }

    fn logged_in(&mut self, login: Login) {
        if !login.success {
            let code = login.code.unwrap_or(ErrorCode::Internal);
            let detail = login.detail.unwrap_or_default();
            let reason = self.error_text(&code, &detail);
            return match login.retry_ms {
                // That passes by itself.
                Some(retry_ms) => {
                    self.log_in_at = Some(self.now.mono + retry_ms);
                    self.say(reason);
                }
                None => self.reopen_form(1, reason),
            };
        }
        self.form = None;
        // What was said of the lost link is over.
        self.word = None;
        self.link = Link::Up;
        self.rename(login.nickname);
        self.ignoring = login.ignoring.unwrap_or(false);
        self.ignoring_until = login.until;
        self.back_online();
        let server = self.address.as_ref().map(ToString::to_string).unwrap_or_default();
        let (nickname, room) = (self.me.to_string(), self.home.to_string());
        self.store(Job::Remember { server, nickname, room });
        self.tabs_changed();
    }

    fn joined(&mut self, joined: Joined) {
        let Joined { room, epoch, first, head, read, topic, members, roster } = joined;
        // The room may have been left before the answer came.
        let Some(log) = self.logs.get_mut(&room) else { return };
        let is_resumed = log.epoch.as_ref() == Some(&epoch);
        let was_known = log.epoch.is_some();
        if !is_resumed {
            log.cursor = head.back(shared::limits::LAST_DEFAULT).max(first.previous());
            log.span = Span::from(log.cursor.next());
            log.quotes.clear();
        }
        log.epoch = Some(epoch.clone());
        (log.first, log.mark, log.joined, log.join_at) = (first, read, true, None);
        // What ignore mode holds back is counted by itself.
        log.head = if self.ignoring { log.cursor } else { head.max(log.cursor) };
        log.catching_up = (log.cursor < log.head).then_some(head);
        let (cursor, mark) = (log.cursor, log.mark);
        if was_known && !is_resumed {
            self.forget(&room);
        }
        if !is_resumed {
            let others = self.conversations.iter_mut().filter(|conversation| conversation.partner.log() == room);
            others.for_each(|conversation| conversation.timeline.clear(cursor.next()));
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
        }
        self.count_unread();
        self.divide();
        // Before, there may be no conversation to say them in.
        if self.current().is_some_and(|current| current.partner.log() == room) {
            for text in std::mem::take(&mut self.announcements) {
                self.note(text);
            }
        }
    }

    /// A log is another one now: nothing that is here belongs to it.
    fn forget(&mut self, room: &LogName) {
        self.store(Job::Forget(room.clone()));
        for conversation in self.conversations.iter_mut().filter(|conversation| conversation.partner.log() == *room) {
            (conversation.view, conversation.divider) = (View::Live, None);
        }
        let text = self.locale.with("log-changed", &[("room", room.to_string().into())]);
        self.note(text);
    }

    fn message(&mut self, message: Message) {
        let Message { room, entry } = message;
        let Some(log) = self.logs.get_mut(&room).filter(|log| entry.seq > log.cursor) else { return };
        let is_mine = entry.from.as_ref() == Some(&self.me);
        if is_mine && log.mark == Some(entry.seq.previous()) {
            log.mark = Some(entry.seq);
        }
        log.cursor = entry.seq;
        log.head = log.head.max(entry.seq);
        let is_catching_up = log.catching_up.is_some();
        let has_caught_up = log.catching_up.take_if(|head| *head <= entry.seq).is_some();
        if let Some(epoch) = log.epoch.clone() {
            let cursor = entry.seq;
            self.store(Job::Entries { room: room.clone(), epoch, cursor, entries: vec![entry.clone()] });
        }
        if is_mine {
            self.note_late(&entry.id, entry.at);
            self.outbox.shown(&entry.id);
        }
        self.take_out(&room, &entry);
        self.want_quotes(&room, [&entry]);
        // A tombstone in an inbox has nobody to be shown with.
        if let Some(partner) = self.partner_of(&room, &entry) {
            let opens = self.find(&partner).is_none();
            let index = self.conversation(&partner);
            if opens {
                self.tabs_changed();
            }
            // What was missed is not seen while it streams by.
            let is_seen = !is_catching_up && self.is_seeing(index);
            self.show_new(index, &room, entry, is_seen);
        }
        if has_caught_up && self.current().is_some_and(|current| current.partner.log() == room) {
            self.open_at_divider();
        }
    }

    /// Puts a new entry into its conversation.
    fn show_new(&mut self, index: usize, room: &LogName, entry: shared::Entry, is_seen: bool) {
        let (mark, head) = self.logs.get(room).map_or((None, Seq::ZERO), |log| (log.mark, log.head));
        let is_unread = mark.is_none_or(|mark| entry.seq > mark);
        let is_mine = entry.from.as_ref() == Some(&self.me);
        if !is_mine {
            let text = entry.msg.as_deref().unwrap_or_default();
            let is_mention = !self.circle.hides_entry(&entry) && markup::mentions(text, &self.words);
            if is_mention {
                self.collect_mention(room, &entry);
                self.conversations[index].mentions += 1;
            }
            self.ring(index, &entry, mark, is_mention);
        }
        if index == self.active {
            self.settle_view();
        }
        let before = entry.seq.previous();
        let conversation = &mut self.conversations[index];
        let is_first = conversation.unread == 0 && conversation.divider.is_none_or(|divider| divider >= before);
        // That of another conversation is put where its mark is, once it is looked at.
        if is_first && is_unread && !is_seen && !is_mine && index == self.active {
            conversation.divider = Some(before);
        }
        if entry.kind == Kind::Topic {
            conversation.topic = Label::new(entry.msg.as_deref().unwrap_or_default());
        }
        match (&conversation.partner, mark) {
            (Partner::Room(_), Some(mark)) => conversation.unread = head.since(mark),
            _ if !is_mine && is_unread => conversation.unread += 1,
            _ => {}
        }
        conversation.timeline.append(entry);
        conversation.timeline.trim(conversation.view != View::Live);
    }

    fn gap(&mut self, room: &LogName, after: Seq, before: Seq, lost: bool) {
        let Some(log) = self.logs.get_mut(room) else { return };
        let is_beyond_head = lost && log.cursor > after;
        log.cursor = if is_beyond_head { after } else { before.previous() };
        log.head = if is_beyond_head { after } else { log.head.max(log.cursor) };
        let (cursor, epoch) = (log.cursor, log.epoch.clone());
        let gap = Gap { after, before, lost };
        if is_beyond_head {
            log.span.truncate(after);
            self.store(Job::Truncate(room.clone(), after));
        } else {
            log.span.open(gap);
        }
        if let Some(epoch) = epoch {
            self.store(Job::Entries { room: room.clone(), epoch, cursor, entries: Vec::new() });
        }
        let at = self.now.wall;
        let text = self.locale.with("lost-beyond", &[("seq", after.get().into())]);
        for conversation in self.conversations.iter_mut().filter(|conversation| conversation.partner.log() == *room) {
            if is_beyond_head {
                conversation.timeline.truncate(after);
                conversation.timeline.push(What::Note { at, text: text.clone().into() }, after);
            } else {
                conversation.timeline.open_gap(gap);
            }
        }
        self.count_unread();
    }

    fn presence(&mut self, presence: &Presence) {
        let at = self.now.wall;
        if let Some(index) = self.find(&Partner::Room(presence.room.clone())) {
            let cursor = self.log_of(&self.conversations[index]).cursor;
            let conversation = &mut self.conversations[index];
            conversation.roster.apply(presence);
            conversation.timeline.presence(&presence.joined, &presence.left, at, cursor);
        }
    }

    fn notice(&mut self, notice: &Notice) {
        if notice.code == NoticeCode::Kicked {
            return self.kicked(notice);
        }
        let key = format!("notice-{}", notice.code.as_str().replace('_', "-"));
        let text = if self.locale.has(&key) { self.locale.text(&key) } else { drawable_line(notice.code.as_str()) };
        self.note(text);
    }
}
