//! A PyChatting client at this server: its objects become requests of the wire, events become sentences for it.
//!
//! It reads 1,024 bytes at a time and takes them for one object, so objects are sent one by one, 50 ms apart.

use super::Asked;
use crate::hub::Millis;
use jiff::{Timestamp, tz::TimeZone};
use shared::{
    Entry, ErrorCode, Event, Incoming, Kind, LogName, MessageId, Nickname, Rejection, Request, RoomName, Text,
    UnixMillis,
    classic::{Decoder, Display, Item, Request as Classical, Type},
    event::{Login as LoginAnswer, Message, Presence},
    limits,
    request::{Destination, Login, Send, Start},
    text::Label,
};
use std::collections::VecDeque;

/// Between two objects.
pub(crate) const PAUSE: Millis = 50;
/// Objects that wait before texts of one type are joined: a second's worth.
const JOIN_ABOVE: usize = 20;
/// Objects that wait before no more entries are taken.
const QUEUE_MAX: usize = 64;

const WELCOME: &str = "昵称建立成功,输入/ls可查看所有在线的人,输入/help可以查看帮助(所有首字符为/的消息都不会发送)";
const HELP: &str = "[ SYSTEM ]输入/ls,即可获得所有在线用户;输入/help(或/h),即可获得帮助;输入@用户名 消息(注意用户名后面的空格),\
即可发送单聊;输入/i,即可屏蔽群聊信息,再次输入/i,即可取消屏蔽;所有首字符为/的信息都不会发送出去";

/// A classic client.
#[derive(Debug, Default)]
pub(crate) struct Classic {
    decoder: Decoder,
    nickname: Option<Label>,
    ignoring: bool,
    has_asked: bool,
    /// A login or a change of mode is under way: what comes behind it depends on how it ends.
    is_waiting: bool,
    early: VecDeque<Classical>,
    malformed: u32,
    ids: u64,
    queue: VecDeque<Display>,
    objects: VecDeque<Vec<u8>>,
    /// When the next object may be sent.
    pub(crate) next_object: Millis,
}

/// What came out of a classic client's bytes.
#[derive(Debug)]
pub(crate) enum Heard {
    /// Requests of the wire.
    Asked(Vec<Asked>),
    /// It is a native client after all; these bytes are its first ones.
    Native(Vec<u8>),
    /// Too much nonsense in a row.
    Hopeless,
}

impl Classic {
    /// Takes bytes of the client.
    pub(crate) fn hear(mut self: Box<Self>, bytes: &[u8]) -> (Box<Self>, Heard) {
        self.decoder.push(bytes);
        while let Some(item) = self.decoder.next_item() {
            match item {
                Item::Request(Classical::Hello(mut first)) if !self.has_asked => {
                    first.extend(std::mem::take(&mut self.decoder).into_rest());
                    return (self, Heard::Native(first));
                }
                Item::Request(request) => {
                    self.malformed = 0;
                    self.early.push_back(request);
                }
                Item::Unknown | Item::Malformed => {
                    self.malformed += 1;
                    if self.malformed >= limits::BAD_LINES {
                        return (self, Heard::Hopeless);
                    }
                }
            }
            self.has_asked = true;
        }
        let asked = self.requests().into_iter().map(|request| Ok(Incoming::from(request))).collect();
        (self, Heard::Asked(asked))
    }

    /// True if what it has asked or is owed piles up: nothing more is read.
    pub(crate) fn is_full(&self) -> bool {
        !self.early.is_empty() || !self.has_room()
    }

    /// What may be asked now, in order.
    pub(crate) fn requests(&mut self) -> Vec<Request> {
        let mut requests = Vec::new();
        while !self.is_waiting
            && self.has_room()
            && let Some(request) = self.early.pop_front()
        {
            requests.extend(self.request(request));
            self.is_waiting = matches!(requests.last(), Some(Request::Login(_) | Request::Ignore { .. }));
        }
        requests
    }

    fn request(&mut self, request: Classical) -> Vec<Request> {
        let Some(_) = self.nickname else { return self.request_before_login(request) };
        match request {
            Classical::Login(_) => {
                self.queue.push_back(Display::with_success(Type::Login, false, "已经登录,不能再次登录"));
                vec![]
            }
            Classical::Broadcast(text) => vec![self.send(Destination::Room(RoomName::lobby()), &text)],
            Classical::SendTo { nickname, text } => match Nickname::parse(&nickname) {
                Ok(to) => vec![self.send(Destination::Person(to), &text)],
                Err(_) => {
                    self.queue.push_back(Display::new(Type::Single, NO_SUCH_USER));
                    vec![]
                }
            },
            Classical::Ls => {
                vec![Request::Ls { room: Some(RoomName::lobby()), after: None, limit: limits::LIST_MAX }]
            }
            Classical::Help => {
                self.queue.push_back(Display::new(Type::Help, HELP));
                vec![]
            }
            Classical::Ignore => vec![Request::Ignore { on: !self.ignoring, until: None }],
            Classical::Hello(_) => vec![],
        }
    }

    fn request_before_login(&mut self, request: Classical) -> Vec<Request> {
        let refused = match request {
            Classical::Login(name) if name.contains(' ') => {
                Display::with_success(Type::Login, false, "账号不能够带有空格")
            }
            Classical::Login(name) => {
                let (nickname, sent) = (Nickname::parse(&name), name.into());
                let login = Login { nickname, sent, proof: None, quiet: false, invite: None };
                let agent = Label::new("classic");
                return vec![Request::Hello { version: limits::WIRE_VERSION, agent }, Request::Login(login)];
            }
            Classical::Help => Display::new(Type::Help, HELP),
            Classical::Ignore => Display::with_success(Type::Ignore, false, "切换失败"),
            _ => Display::with_success(Type::Login, false, "请先输入昵称"),
        };
        self.queue.push_back(refused);
        vec![]
    }

    fn send(&mut self, to: Destination, text: &str) -> Request {
        self.ids += 1;
        let id = MessageId::parse(&format!("c{}", self.ids)).expect("a letter and a number");
        Request::Send(Send { id, to, kind: Kind::Talk, re: None, text: Text::parse(text) })
    }

    /// Shows an event; what the client does not ask for itself is asked here.
    pub(crate) fn show(&mut self, event: &Event, now: UnixMillis) -> Vec<Request> {
        let mut requests = self.show_event(event, now);
        if matches!(event, Event::Login(_) | Event::Ignore(_) | Event::Error(_)) {
            self.is_waiting = false;
            requests.extend(self.requests());
        }
        requests
    }

    fn show_event(&mut self, event: &Event, now: UnixMillis) -> Vec<Request> {
        match event {
            Event::Login(login) if login.success => return self.logged_in(login),
            Event::Login(login) => self.queue.push_back(Display::with_success(Type::Login, false, refusal(login))),
            Event::Joined(joined) if joined.room != LogName::Inbox => {
                if let Some(me) = self.nickname.clone() {
                    self.system(now, &format!("[ SYSTEM ] : {me}已经进入了聊天室"));
                }
            }
            Event::Presence(presence) => self.presence(presence, now),
            Event::Ls(page) => {
                let names = page.members.iter().map(|member| member.nickname.as_str()).chain(page.more.then_some("…"));
                let names: String = names.flat_map(|name| [name, ","]).collect();
                self.queue.push_back(Display::new(Type::Ls, format!("[ SYSTEM ] ALIVE USER : {names}")));
            }
            Event::Ignore(ignore) => {
                self.ignoring = ignore.on;
                let mode = if ignore.on { "现在是屏蔽模式" } else { "现在是通常模式" };
                let text = format!("[TIME : {}][ SYSTEM ] : 模式切换成功,{mode}", ctime(now));
                self.queue.push_back(Display::with_success(Type::Ignore, true, text));
            }
            Event::Gap { after, before, .. } => self.left_out(before.since(*after).saturating_sub(1), now),
            Event::Error(rejection) => self.error(rejection, now),
            Event::Notice(notice) if notice.code == shared::code::NoticeCode::Shutdown => {
                self.system(now, "[ SYSTEM ] : 服务器即将关闭");
            }
            _ => {}
        }
        vec![]
    }

    fn logged_in(&mut self, login: &LoginAnswer) -> Vec<Request> {
        self.nickname = Some(login.nickname.clone());
        self.queue.push_back(Display::with_success(Type::Login, true, WELCOME));
        let join = |room| Request::Join { room, start: Start { last: 0, resume: None } };
        vec![join(LogName::Inbox), join(LogName::Room(RoomName::lobby()))]
    }

    fn presence(&mut self, presence: &Presence, now: UnixMillis) {
        for name in &presence.joined {
            self.system(now, &format!("[ SYSTEM ] : {name}已经进入了聊天室"));
        }
        for name in &presence.left {
            self.system(now, &format!("[ SYSTEM ] : {name} 离开了PY_CHATTING"));
        }
    }

    fn error(&mut self, rejection: &Rejection, now: UnixMillis) {
        match (&rejection.code, rejection.request.as_deref()) {
            (ErrorCode::Ignoring, _) => {
                self.queue.push_back(Display::new(Type::Broadcast, "屏蔽模式下无法发送群聊信息"));
            }
            (ErrorCode::NoSuchUser, _) => self.queue.push_back(Display::new(Type::Single, NO_SUCH_USER)),
            _ => self.system(now, &format!("[ SYSTEM ] : {}", rejection.detail)),
        }
    }

    /// Says how many entries are not shown.
    pub(crate) fn left_out(&mut self, count: u64, now: UnixMillis) {
        if count > 0 {
            self.system(now, &format!("[ SYSTEM ] : {count}条消息没有显示"));
        }
    }

    fn system(&mut self, now: UnixMillis, text: &str) {
        self.queue.push_back(Display::new(Type::SystemMsg, format!("[TIME : {}]{text}", ctime(now))));
    }

    /// Shows an entry of a log, as its line has it.
    pub(crate) fn show_line(&mut self, line: &[u8]) {
        if let Ok(message) = serde_json::from_slice::<Message>(line) {
            self.show_entry(&message.entry);
        }
    }

    fn show_entry(&mut self, entry: &Entry) {
        let (Some(from), Some(text)) = (&entry.from, &entry.msg) else { return };
        let time = ctime(entry.at);
        let text = if entry.kind == Kind::Action { format!("* {from} {text}") } else { text.to_string() };
        self.queue.push_back(match (&entry.kind, &entry.to) {
            (Kind::Topic, _) => {
                Display::new(Type::SystemMsg, format!("[TIME : {time}][ SYSTEM ] : {from} 设置了话题: {text}"))
            }
            (_, Some(to)) => Display::new(Type::Single, format!("[TIME : {time}][ {from} CHATTING TO {to} ] : {text}")),
            (_, None) => Display::new(Type::Broadcast, format!("[TIME : {time}][{from}] : {text}")),
        });
    }

    /// True if entries may be taken from the logs.
    pub(crate) fn has_room(&self) -> bool {
        self.queue.len() < QUEUE_MAX
    }

    /// True if something waits to be sent.
    pub(crate) fn has_objects(&self) -> bool {
        !self.objects.is_empty() || !self.queue.is_empty()
    }

    /// The next object to send. Where many wait, texts of one type are joined.
    pub(crate) fn next_object(&mut self) -> Option<Vec<u8>> {
        if self.objects.is_empty() {
            let mut display = self.queue.pop_front()?;
            while self.queue.len() > JOIN_ABOVE && self.queue.front().is_some_and(|next| display.join(next)) {
                self.queue.pop_front();
            }
            self.objects.extend(display.encode());
        }
        self.objects.pop_front()
    }
}

const NO_SUCH_USER: &str = "该用户不存在";

fn refusal(login: &LoginAnswer) -> String {
    match &login.code {
        Some(ErrorCode::NicknameTaken | ErrorCode::NicknameClaimed) => "账号已存在".into(),
        Some(ErrorCode::NicknameInvalid) => "昵称不可用:最多32个字节,只能有文字、数字和-_.,不能混用文字系统".into(),
        _ => login.detail.as_deref().unwrap_or("登录失败").to_owned(),
    }
}

/// C's `ctime` without its line end: local time, English.
fn ctime(at: UnixMillis) -> String {
    let at =
        i64::try_from(at).ok().and_then(|at| Timestamp::from_millisecond(at).ok()).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned_datetime(TimeZone::system()).strftime("%a %b %e %H:%M:%S %Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowded_queue_is_joined_by_type() {
        let mut classic = Classic::default();
        for n in 0..60 {
            classic.queue.push_back(Display::new(Type::Broadcast, format!("[bob] : {n}")));
        }
        let objects: Vec<Vec<u8>> = std::iter::from_fn(|| classic.next_object()).collect();
        assert!(objects.len() < 30, "{} objects", objects.len());
        assert!(objects.iter().all(|object| object.len() <= limits::CLASSIC_OBJECT));
        let texts: Vec<String> = objects
            .iter()
            .map(|object| {
                serde_json::from_slice::<serde_json::Value>(object).unwrap()["msg"].as_str().unwrap().to_owned()
            })
            .collect();
        assert_eq!(texts.join("\n").lines().count(), 60);
    }

    #[test]
    fn a_hello_is_only_a_change_of_dialect_at_the_start() {
        let hello = b"{\"type\":\"hello\",\"version\":1}\n";
        let (_, heard) = Box::<Classic>::default().hear(hello);
        assert!(matches!(heard, Heard::Native(rest) if rest == hello));
        let (classic, _) = Box::<Classic>::default().hear(b"{\"type\":\"help\"}");
        assert!(matches!(classic.hear(hello).1, Heard::Asked(asked) if asked.is_empty()));
    }
}
