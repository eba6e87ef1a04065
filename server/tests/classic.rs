//! PyChatting's clients beside native ones, in one room: `recv(1024)`, exactly one object a read.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod common;

use common::{Client, DEADLINE, Server};
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    sync::mpsc::{Receiver, channel},
};

/// A client as PyChatting has it: one thread does `recv(1024)` all the time, and takes each for exactly one object.
struct Classic {
    stream: TcpStream,
    reads: Receiver<Vec<u8>>,
}

impl Classic {
    /// Connects, and waits for the greeting.
    fn connect(server: &Server) -> Self {
        let stream = TcpStream::connect(server.address).unwrap();
        stream.set_nodelay(true).unwrap();
        let (mut from, (sender, reads)) = (stream.try_clone().unwrap(), channel());
        std::thread::spawn(move || {
            let mut buffer = [0; 1024];
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        let mut classic = Self { stream, reads };
        let greeting = classic.read().expect("a greeting");
        assert!(greeting.contains("昵称") && !greeting.contains(['{', '\n']), "{greeting}");
        classic
    }

    fn login(server: &Server, nickname: &str) -> Self {
        let mut classic = Self::connect(server);
        classic.send(&json!({"type": "login", "msg": nickname}));
        assert_eq!(classic.expect("login", "昵称建立成功")["success"], true);
        classic.expect("system_msg", &format!("[ SYSTEM ] : {nickname}已经进入了聊天室"));
        classic
    }

    /// Sends an object, without any framing.
    fn send(&mut self, object: &Value) {
        self.stream.write_all(object.to_string().as_bytes()).unwrap();
    }

    /// What one `recv(1024)` gave; `None` at the end of the connection.
    fn read(&mut self) -> Option<String> {
        match self.reads.recv_timeout(DEADLINE) {
            Ok(bytes) if bytes.len() <= 1_000 => Some(String::from_utf8(bytes).expect("whole characters")),
            Ok(bytes) => panic!("{} bytes in a read", bytes.len()),
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => None,
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => panic!("nothing came in time"),
        }
    }

    /// The next object. A read that is not exactly one fails the test, as it kills the real client.
    fn next(&mut self) -> Value {
        let text = self.read().expect("an object before the end");
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("one object a read: {e} in {text}"))
    }

    /// The next object of that type whose text contains `part`.
    fn expect(&mut self, kind: &str, part: &str) -> Value {
        loop {
            let object = self.next();
            if object["type"] == kind && text_of(&object).contains(part) {
                return object;
            }
        }
    }
}

impl Drop for Classic {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

fn text_of(object: &Value) -> &str {
    object["msg"].as_str().unwrap()
}

fn broadcast(msg: &str) -> Value {
    json!({"type": "broadcast", "msg": msg})
}

/// Says something into `#lobby`, and waits for it to be stored.
fn say(client: &mut Client, id: &str, msg: &str) {
    client.send(&json!({"type": "broadcast", "room": "#lobby", "id": id, "msg": msg}));
    assert_eq!(client.expect("ack")["id"], id);
}

/// The next message that a native client sees.
fn heard(client: &mut Client) -> (String, String, String) {
    let message = client.expect("message");
    let field = |name: &str| message[name].as_str().unwrap().to_owned();
    (field("room"), field("from"), field("msg"))
}

/// The next message of a room.
fn heard_in(client: &mut Client, room: &str) -> (String, String, String) {
    loop {
        let heard = heard(client);
        if heard.0 == room {
            return heard;
        }
    }
}

fn is(heard: &(String, String, String), room: &str, from: &str, msg: &str) -> bool {
    *heard == (room.to_owned(), from.to_owned(), msg.to_owned())
}

/// What of a shown line stands behind `[TIME : Mon Nov 23 02:29:00 2026]`.
fn behind_time(text: &str) -> &str {
    let (time, rest) = text.strip_prefix("[TIME : ").unwrap().split_once(']').unwrap();
    let words: Vec<&str> = time.split_whitespace().collect();
    assert!(time.len() == 24 && words.len() == 5 && words[3].len() == 8 && words[4].len() == 4, "{time}");
    rest
}

/// What is said into `#lobby`, as a classic client shows it: texts of one type may come joined by LF.
fn shown(classic: &mut Classic, count: usize) -> Vec<String> {
    let mut lines = Vec::new();
    while lines.len() < count {
        let object = classic.expect("broadcast", "");
        lines.extend(text_of(&object).lines().map(|line| behind_time(line).to_owned()));
    }
    assert_eq!(lines.len(), count, "{lines:?}");
    lines
}

#[test]
fn two_and_two_in_one_room() {
    let server = Server::start();
    let (mut ann, mut ben) = (server.member("ann", "#lobby"), server.member("ben", "#lobby"));
    let mut cat = Classic::connect(&server);
    // Requests before the login are answered; so is each nickname that can't be had.
    for (request, kind, said) in [
        (broadcast("too soon"), "login", ""),
        (json!({"type": "ls", "msg": null}), "login", ""),
        (json!({"type": "sendto", "nickname": "ann", "msg": "too soon"}), "login", ""),
        (json!({"type": "ignore", "msg": null}), "ignore", "切换失败"),
        (json!({"type": "login", "msg": "cat cat"}), "login", "账号不能够带有空格"),
        (json!({"type": "login", "msg": "Ann"}), "login", "账号已存在"),
        (json!({"type": "login", "msg": "-"}), "login", ""),
    ] {
        cat.send(&request);
        assert_eq!(cat.expect(kind, said)["success"], false, "{request}");
    }
    cat.send(&json!({"type": "help", "msg": null}));
    cat.expect("help", "[ SYSTEM ]");
    cat.send(&json!({"type": "login", "msg": "cat"}));
    let welcome = cat.expect("login", "昵称建立成功");
    assert_eq!(welcome["success"], true);
    // Everybody is told, the newcomer too.
    let arrival = cat.expect("system_msg", "cat");
    assert_eq!(behind_time(text_of(&arrival)), "[ SYSTEM ] : cat已经进入了聊天室");
    assert_eq!(ben.expect("presence")["joined"], json!(["cat"]));
    let mut dan = Classic::login(&server, "dan");
    cat.expect("system_msg", "[ SYSTEM ] : dan已经进入了聊天室");
    let mut eve = server.member("eve", "#lobby");
    cat.expect("system_msg", "[ SYSTEM ] : eve已经进入了聊天室");

    // Talk goes both ways, to the sender too.
    cat.send(&broadcast("大家好, 100%\nline \"two\""));
    for native in [&mut ann, &mut ben, &mut eve] {
        assert!(is(&heard(native), "#lobby", "cat", "大家好, 100%\nline \"two\""));
    }
    for classic in [&mut cat, &mut dan] {
        let object = classic.expect("broadcast", "");
        assert_eq!(behind_time(text_of(&object)), "[cat] : 大家好, 100%\nline \"two\"");
    }
    say(&mut ann, "1", "hi cat");
    ben.send(&json!({"type": "broadcast", "room": "#lobby", "id": "1", "msg": "nods", "kind": "action", "re": 1}));
    ben.send(&json!({"type": "topic", "room": "#lobby", "id": "2", "msg": "tea"}));
    for classic in [&mut cat, &mut dan] {
        assert_eq!(shown(classic, 2), ["[ann] : hi cat", "[ben] : * ben nods"]);
        assert!(text_of(&classic.expect("system_msg", "tea")).contains("ben"));
    }

    // Who is here, how it works.
    dan.send(&json!({"type": "ls", "msg": null}));
    assert_eq!(text_of(&dan.expect("ls", "")), "[ SYSTEM ] ALIVE USER : ann,ben,cat,dan,eve,");
    dan.send(&json!({"type": "help", "msg": null}));
    let help = text_of(&dan.expect("help", "")).to_owned();
    assert!(help.starts_with("[ SYSTEM ]") && !help.contains('\n'), "{help}");
    assert!(["/ls", "/h", "@", "/i"].iter().all(|command| help.contains(command)), "{help}");
    dan.send(&json!({"type": "login", "msg": "dora"}));
    assert_eq!(dan.expect("login", "")["success"], false);

    // Direct messages: whole, to the receiver and to the sender.
    cat.send(&json!({"type": "sendto", "nickname": "dan", "msg": "two words"}));
    for classic in [&mut dan, &mut cat] {
        let object = classic.expect("single", "");
        assert_eq!(behind_time(text_of(&object)), "[ cat CHATTING TO dan ] : two words");
    }
    ann.send(&json!({"type": "join", "room": "@"}));
    cat.send(&json!({"type": "sendto", "nickname": "ann", "msg": "psst"}));
    assert!(is(&heard_in(&mut ann, "@"), "@", "cat", "psst"));
    cat.expect("single", "[ cat CHATTING TO ann ] : psst");
    ann.send(&json!({"type": "sendto", "nickname": "cat", "id": "2", "msg": "yes?"}));
    cat.expect("single", "[ ann CHATTING TO cat ] : yes?");
    cat.send(&json!({"type": "sendto", "nickname": "nobody", "msg": "x"}));
    assert_eq!(text_of(&cat.expect("single", "")), "该用户不存在");

    drop(eve);
    let departure = cat.expect("system_msg", "eve");
    assert_eq!(behind_time(text_of(&departure)), "[ SYSTEM ] : eve 离开了PY_CHATTING");
    drop(dan);
    cat.expect("system_msg", "[ SYSTEM ] : dan 离开了PY_CHATTING");
    while !ben.expect("presence")["left"].as_array().is_some_and(|left| left.contains(&json!("dan"))) {}
}

#[test]
fn ignore_mode_holds_talk_back() {
    let server = Server::start();
    let (mut ann, mut cat) = (server.member("ann", "#lobby"), Classic::login(&server, "cat"));
    let toggle = json!({"type": "ignore", "msg": null});
    cat.send(&toggle);
    let on = cat.expect("ignore", "");
    assert_eq!(on["success"], true);
    assert_eq!(behind_time(text_of(&on)), "[ SYSTEM ] : 模式切换成功,现在是屏蔽模式");
    say(&mut ann, "1", "one");
    ann.send(&json!({"type": "topic", "room": "#lobby", "id": "2", "msg": "two"}));
    assert_eq!(ann.expect("ack")["id"], "2");
    say(&mut ann, "3", "three");
    // It can't talk to the room, but to a person; what is for it alone, and the system's messages, still come.
    cat.send(&broadcast("not now"));
    assert_eq!(text_of(&cat.next()), "屏蔽模式下无法发送群聊信息");
    ann.send(&json!({"type": "sendto", "nickname": "cat", "id": "4", "msg": "psst"}));
    assert_eq!(behind_time(text_of(&cat.next())), "[ ann CHATTING TO cat ] : psst");
    cat.send(&json!({"type": "sendto", "nickname": "ann", "msg": "yes?"}));
    assert_eq!(behind_time(text_of(&cat.next())), "[ cat CHATTING TO ann ] : yes?");
    let ben = server.member("ben", "#lobby");
    assert_eq!(behind_time(text_of(&cat.next())), "[ SYSTEM ] : ben已经进入了聊天室");
    drop(ben);
    assert_eq!(behind_time(text_of(&cat.next())), "[ SYSTEM ] : ben 离开了PY_CHATTING");
    // What was held back comes when the mode ends, in its order.
    cat.send(&toggle);
    let off = cat.next();
    assert_eq!((&off["type"], &off["success"]), (&json!("ignore"), &json!(true)));
    assert_eq!(behind_time(text_of(&off)), "[ SYSTEM ] : 模式切换成功,现在是通常模式");
    assert_eq!(behind_time(text_of(&cat.next())), "[ann] : one");
    assert_eq!(cat.next()["type"], "system_msg");
    assert_eq!(behind_time(text_of(&cat.next())), "[ann] : three");
    cat.send(&broadcast("back"));
    assert_eq!(shown(&mut cat, 1), ["[cat] : back"]);
}

#[test]
fn a_burst_arrives_whole() {
    let server = Server::start();
    let (mut ann, mut ben) = (server.member("ann", "#lobby"), server.member("ben", "#lobby"));
    let (mut cat, mut dan) = (Classic::login(&server, "cat"), Classic::login(&server, "dan"));
    let texts: Vec<String> = (0..30).map(|n| format!("第{n}条 of the burst")).collect();
    // PyChatting's own client writes object after object; TCP joins and cuts them as it likes.
    for text in &texts {
        cat.send(&broadcast(text));
    }
    for native in [&mut ann, &mut ben] {
        for text in &texts {
            assert!(is(&heard(native), "#lobby", "cat", text));
        }
    }
    let expected: Vec<String> = texts.iter().map(|text| format!("[cat] : {text}")).collect();
    for classic in [&mut cat, &mut dan] {
        assert_eq!(shown(classic, 30), expected);
    }
}

#[test]
fn a_long_text_comes_in_short_objects() {
    let server = Server::start();
    let (mut ann, mut cat) = (server.member("ann", "#lobby"), Classic::login(&server, "cat"));
    for (id, text) in [("1", "x".repeat(4_096)), ("2", "汉字".repeat(680)), ("3", "\"\\\u{1f600}".repeat(600))] {
        say(&mut ann, id, &text);
        let mut whole = String::new();
        while whole.chars().filter(|c| text.contains(*c)).count() < text.chars().count() {
            let object = cat.next();
            if object["type"] == "broadcast" {
                whole += text_of(&object);
            }
        }
        assert!(whole.contains("[ann] : ") && whole.ends_with(&text), "{whole}");
    }
}

#[test]
fn a_login_without_waiting_for_the_greeting() {
    let server = Server::start();
    let mut ann = server.member("ann", "#lobby");
    for (nickname, end) in [("cat", ""), ("dan", "\n")] {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.write_all(format!("{{\"type\": \"login\", \"msg\": \"{nickname}\"}}{end}").as_bytes()).unwrap();
        // The greeting goes out first all the same.
        let (mut said, mut buffer) = (Vec::new(), [0; 1024]);
        while !said.contains(&b'}') {
            let count = stream.read(&mut buffer).unwrap();
            assert_ne!(count, 0, "the connection has ended");
            said.extend_from_slice(&buffer[..count]);
        }
        let said = String::from_utf8(said).unwrap();
        let (greeting, login) = said.split_at(said.find('{').unwrap());
        assert!(greeting.contains("昵称") && !greeting.contains('\n'), "{greeting}");
        assert!(login.contains("\"login\"") && login.contains("\"success\":true"), "{login}");
        assert_eq!(ann.expect("presence")["joined"], json!([nickname]));
        drop(stream);
        assert_eq!(ann.expect("presence")["left"], json!([nickname]));
    }
}

#[test]
fn a_late_hello_is_native() {
    let server = Server::start();
    let mut client = server.connect();
    let mut greeting = [0; 1024];
    client.stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let count = client.stream.read(&mut greeting).unwrap();
    assert!(count > 0 && !greeting[..count].contains(&b'\n'));
    // The greeting's line ends before the first line of the wire; what is behind the hello is lines, too.
    client.send_bytes(b"{\"type\":\"hello\",\"version\":1}\n{\"type\":\"login\",\"nickname\":\"ann\"}\n");
    let mut end = [0; 1];
    client.stream.read_exact(&mut end).unwrap();
    assert_eq!(end, *b"\n");
    assert_eq!(client.next()["type"], "welcome");
    assert_eq!(client.next()["success"], true);
    client.send(&json!({"type": "join", "room": "#lobby"}));
    assert_eq!(client.next()["type"], "joined");
}

#[test]
fn what_is_no_object_is_skipped() {
    let server = Server::start();
    let mut ann = server.member("ann", "#lobby");
    let mut cat = Classic::connect(&server);
    let mut write = |piece: &str| cat.stream.write_all(piece.as_bytes()).unwrap();
    // Objects in pieces, several in a write, white space and nonsense between them, escapes.
    write("  {\"type\":\"lo");
    write("gin\",\"msg\":\"cat\"}  \r\n ");
    assert_eq!(ann.expect("presence")["joined"], json!(["cat"]));
    write("{\"type\":\"dance\",\"msg\":null}nonsense{\"type\":\"broad");
    write("cast\",\"msg\":\"\\u4f60\\u597d\"}{\"type\":\"broadcast\"}{]{\"type\":\"broadcast\",\"msg\":\"again\"}");
    assert!(is(&heard(&mut ann), "#lobby", "cat", "你好"));
    assert!(is(&heard(&mut ann), "#lobby", "cat", "again"));
    // Ten in a row close.
    write(&"{\"type\":\"dance\"}".repeat(10));
    while cat.read().is_some() {}
    while !ann.expect("presence")["left"].as_array().is_some_and(|left| left.contains(&json!("cat"))) {}
}

#[test]
fn ten_times_malformed_closes_but_not_with_an_object_between() {
    let server = Server::start();
    let mut cat = Classic::login(&server, "cat");
    cat.stream.write_all("{]".repeat(9).as_bytes()).unwrap();
    cat.send(&broadcast("still here"));
    assert_eq!(shown(&mut cat, 1), ["[cat] : still here"]);
    cat.stream.write_all("{]".repeat(10).as_bytes()).unwrap();
    while cat.read().is_some() {}
}

#[test]
fn a_restart_is_announced() {
    let mut server = Server::start();
    let (mut cat, mut dan) = (Classic::login(&server, "cat"), Classic::login(&server, "dan"));
    cat.expect("system_msg", "dan");
    // The pauses between these are longer than the one that another object to cat would have to wait for.
    for _ in 0..3 {
        dan.send(&json!({"type": "ls", "msg": null}));
        dan.expect("ls", "cat,dan,");
    }
    assert_eq!(server.terminate(), Some(0));
    let notice = cat.next();
    assert_eq!(notice["type"], "system_msg");
    assert!(behind_time(text_of(&notice)).starts_with("[ SYSTEM ] : 服务器"), "{notice}");
    assert_eq!(cat.read(), None);
}
