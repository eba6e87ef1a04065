//! Whoever has not read so far is told what is lost.

use super::kept::{ROOM, flood};
use crate::common::{
    Client,
    house::{House, Somebody, identity, redact},
};
use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};

/// Somebody whose connection takes little at a time.
fn narrow(house: &House, nickname: &str) -> Somebody {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(8_192).unwrap();
    socket.connect(&house.server.address.into()).unwrap();
    let mut client = Client::connect(house.server.address);
    client.stream = crate::common::stream::Stream::Plain(socket.into());
    Somebody::log_in(client, nickname, Some(&identity(nickname)), &json!({})).0
}

/// Goes through what a session is told: each entry once, in order, and where one is missing a gap says so. The number of
/// the last one, and the gaps.
fn follow(somebody: &mut Somebody, mut last: u64, head: u64) -> Vec<(u64, u64)> {
    let mut gaps = Vec::new();
    while last < head {
        let event = somebody.hear_that(|event| event["type"] == "message" || event["type"] == "gap");
        if event["type"] == "gap" {
            assert_eq!((&event["after"], &event["lost"]), (&json!(last), &json!(true)), "{event}");
            let before = event["before"].as_u64().unwrap();
            gaps.push((last, before));
            last = before - 1;
        } else {
            last += 1;
            assert_eq!(event["seq"], last, "{event}");
        }
    }
    gaps
}

fn resume(after: u64, epoch: &Value) -> Value {
    json!({"type": "join", "room": ROOM, "after": after, "epoch": epoch})
}

#[test]
fn a_slow_reader_is_told_what_it_will_never_get() {
    let mut house = House::new("[retention]\nentries = 30");
    let mut ann = house.keyed("ann").in_room(ROOM);
    flood(&mut ann, ROOM, 1..=900, 4_000);
    let epoch = ann.join(ROOM)["epoch"].clone();
    let (mut slow, mut slower) = (narrow(&house, "slow"), narrow(&house, "slower"));
    for reader in [&mut slow, &mut slower] {
        reader.done(resume(0, &epoch));
        reader.hear("message");
    }
    house.order(&["retention"]);
    let gaps = follow(&mut slow, 1, 900);
    assert!(gaps.len() == 1 && gaps[0].1 == 871 && gaps[0].0 < 800, "{gaps:?}");
    // It follows on, and is told again.
    flood(&mut ann, ROOM, 901..=950, 4_000);
    assert_eq!(follow(&mut slow, 900, 950), []);
    house.order(&["retention"]);
    flood(&mut ann, ROOM, 951..=1_000, 4_000);
    house.order(&["retention"]);
    let gaps = follow(&mut slower, 1, 1_000);
    assert!((1..=3).contains(&gaps.len()) && gaps[0].0 < 800, "{gaps:?}");
    assert!(house.server.is_running());
}

#[test]
fn what_is_taken_out_before_a_slow_reader_comes_there_it_never_reads() {
    let house = House::new("");
    let mut ann = house.keyed("ann").in_room(ROOM);
    flood(&mut ann, ROOM, 1..=900, 4_000);
    let epoch = ann.join(ROOM)["epoch"].clone();
    let mut slow = narrow(&house, "slow");
    slow.done(resume(0, &epoch));
    slow.hear("message");
    for n in 890..=900 {
        ann.done(redact(ROOM, &format!("r{n}"), &json!(n), ""));
    }
    for n in 2..=900 {
        let event = slow.hear("message");
        assert_eq!((&event["seq"], event["kind"] == "redacted"), (&json!(n), n >= 890), "{event}");
    }
}

#[test]
fn who_ignores_is_told_when_that_ends() {
    let house = House::new("[retention]\nentries = 10");
    let mut ann = house.keyed("ann").in_room(ROOM);
    let mut bob = house.keyed("bob").in_room(ROOM);
    bob.done(json!({"type": "ignore", "on": true}));
    flood(&mut ann, ROOM, 1..=100, 60);
    house.order(&["retention"]);
    assert!(bob.heard().iter().all(|event| event["type"] != "gap" && event["type"] != "message"));
    bob.done(json!({"type": "ignore", "on": false}));
    assert_eq!(follow(&mut bob, 0, 100), [(0, 91)]);
    ann.say(ROOM, "more", "word101x");
    assert_eq!(bob.hear("message")["seq"], 101);
}
