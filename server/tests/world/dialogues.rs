//! Promises as dialogues.

use crate::world::{World, play::play, wide};
use shared::{
    Incoming, LogName, Request, RoomName, Text,
    request::{Place, Start},
};

#[test]
fn an_ignorer_hears_direct_messages_and_loses_nothing() {
    play(
        r##"
        + bob key
        + carol
        carol > {"type":"join","room":"#dev"}
        bob > {"type":"join","room":"#dev"}
        bob > {"type":"join","room":"@"}
        bob > {"type":"ignore","on":true}
        bob < {"type":"joined","room":"#dev","members":2,"head":0,"read":0}
        bob < {"type":"joined","room":"@"}
        bob < {"type":"ignore","on":true}
        carol > {"type":"broadcast","room":"#dev","id":"a","msg":"anybody?"}
        carol > {"type":"topic","room":"#dev","id":"t","msg":"waiting"}
        carol > {"type":"sendto","nickname":"bob","id":"b","msg":"you?"}
        bob < {"type":"message","room":"@","seq":1,"from":"carol","to":"bob","msg":"you?"}
        bob > {"type":"broadcast","room":"#dev","id":"a","msg":"me"}
        bob < {"type":"error","code":"ignoring","request":"broadcast","id":"a","room":"#dev"}
        ~ 1100
        bob < {"type":"presence","changed":[{"nickname":"bob","state":"ignoring"}]}
        bob < {"type":"held","room":"#dev","count":2}
        bob > {"type":"ignore","on":false}
        bob < {"type":"ignore","on":false,"held":2}
        bob < {"type":"message","room":"#dev","seq":1,"msg":"anybody?"}
        bob < {"type":"message","room":"#dev","seq":2,"kind":"topic","msg":"waiting"}
        bob .
        "##,
    );
}

#[test]
fn a_break_is_away_and_a_resume_is_no_arrival() {
    play(
        r##"
        + alice key
        + bob key
        alice > {"type":"join","room":"#lobby","last":0}
        bob > {"type":"join","room":"#lobby","last":0}
        ~ 300
        alice < {"type":"joined","members":1}
        alice < {"type":"presence","members":2,"joined":["bob"]}
        - bob
        ~ 300
        alice < {"type":"presence","members":2,"changed":[{"nickname":"bob","state":"away"}]}
        + bob key
        bob > {"type":"join","room":"#lobby","after":997,"epoch":"lobby"}
        bob < {"type":"joined","members":2,"head":998}
        bob < {"type":"message","seq":998}
        ~ 300
        alice < {"type":"presence","members":2,"changed":[{"nickname":"bob","state":"online"}]}
        - bob
        ~ 59000
        alice < {"type":"presence","members":2,"changed":[{"nickname":"bob","state":"away"}]}
        ~ 2000
        ~ 300
        alice < {"type":"presence","members":1,"left":["bob"]}
        alice .
        "##,
    );
}

#[test]
fn two_devices_agree_on_read_marks() {
    play(
        r##"
        + alice key
        + alice2 key
        + carol
        carol > {"type":"join","room":"#dev"}
        alice > {"type":"join","room":"#dev"}
        alice < {"type":"joined","read":0}
        carol > {"type":"broadcast","room":"#dev","id":"a","msg":"1"}
        carol > {"type":"broadcast","room":"#dev","id":"b","msg":"2"}
        alice2 > {"type":"join","room":"#dev","last":0}
        alice2 < {"type":"joined","head":2,"read":0}
        alice < {"type":"message","seq":1}
        alice < {"type":"message","seq":2}
        alice > {"type":"read","room":"#dev","seq":2}
        alice < {"type":"read","room":"#dev","seq":2}
        alice2 < {"type":"read","room":"#dev","seq":2}
        alice2 > {"type":"read","room":"#dev","seq":1}
        alice2 < {"type":"read","room":"#dev","seq":2}
        alice2 > {"type":"read","room":"#dev","seq":1,"back":true}
        alice2 < {"type":"read","room":"#dev","seq":1}
        alice < {"type":"read","room":"#dev","seq":1}
        alice > {"type":"read","room":"#dev","seq":3}
        alice < {"type":"error","code":"bad_field","request":"read","room":"#dev"}
        alice .
        alice2 .
        "##,
    );
}

#[test]
fn a_read_mark_only_moves_forward_whoever_moves_it() {
    play(
        r##"
        + alice key
        + alice2 key
        + carol
        carol > {"type":"join","room":"#dev"}
        alice > {"type":"join","room":"#dev"}
        alice2 > {"type":"join","room":"#dev"}
        carol > {"type":"broadcast","room":"#dev","id":"a","msg":"1"}
        carol > {"type":"broadcast","room":"#dev","id":"b","msg":"2"}
        !
        alice > {"type":"read","room":"#dev","seq":2}
        alice2 > {"type":"read","room":"#dev","seq":1}
        !
        "##,
    );
}

#[test]
fn a_mode_that_has_ended_does_not_come_back() {
    play(
        r##"
        + alice key
        + alice2 key
        alice > {"type":"ignore","on":true}
        !
        alice > {"type":"ignore","on":false}
        alice2 > {"type":"join","room":"#lobby","last":0}
        !
        alice < {"type":"ignore","on":true}
        alice < {"type":"ignore","on":false}
        restart
        + alice key
        "##,
    );
}

#[test]
fn the_same_id_is_one_entry_whatever_has_changed() {
    play(
        r##"
        + carol
        carol > {"type":"join","room":"#dev"}
        carol > {"type":"broadcast","room":"#dev","id":"a","msg":"once"}
        carol > {"type":"leave","room":"#dev"}
        carol > {"type":"broadcast","room":"#dev","id":"a","msg":"once"}
        carol > {"type":"broadcast","room":"#dev","id":"a","msg":"twice"}
        carol > {"type":"broadcast","room":"#dev","id":"b","msg":"out"}
        carol > {"type":"broadcast","room":"#nowhere","id":"b","msg":"out"}
        carol < {"type":"joined"}
        carol < {"type":"ack","id":"a","seq":1}
        carol < {"type":"message","seq":1,"msg":"once"}
        carol < {"type":"left","room":"#dev"}
        carol < {"type":"ack","id":"a","seq":1}
        carol < {"type":"error","code":"id_reused","id":"a"}
        carol < {"type":"error","code":"not_in_room","id":"b","room":"#dev"}
        carol < {"type":"error","code":"not_in_room","id":"b","room":"#nowhere"}
        carol .
        "##,
    );
}

#[test]
fn a_mode_with_an_end_ends_by_itself() {
    let mut world = World::new(wide());
    let bob = world.connect("bob", true, false, true);
    let until = Some(world.now.wall + 60_000);
    world.ask(bob, Request::Ignore { on: true, until });
    world.settle();
    for (millis, ignoring) in [(59_000, true), (2_000, false)] {
        world.pass(millis);
        world.settle();
        assert_eq!(world.clients[bob].ignoring, ignoring);
    }
}

fn lobby() -> Request {
    Request::Join { room: LogName::Room(RoomName::lobby()), start: Start { last: 0, resume: None } }
}

#[test]
fn queries_over_the_rate_are_refused() {
    let mut world = World::new(wide());
    let carol = world.connect("carol", false, false, false);
    for millis in [0, 0, 0, 0, 0, 0, 0, 999, 1, 1, 60_000, 0, 0, 0, 0, 0, 0] {
        world.pass(millis);
        // What must come of it, the world knows.
        world.ask(carol, lobby());
        assert!(world.clients[carol].is_idle());
    }
}

#[test]
fn what_is_more_work_costs_more_whatever_connection_it_comes_by() {
    let history = |limit| Request::History { room: LogName::Room(RoomName::lobby()), place: Place::Newest, limit };
    let join = |last| Request::Join { room: LogName::Room(RoomName::lobby()), start: Start { last, resume: None } };
    let search = || Request::Search { text: Text::parse("old"), room: None, limit: 1, from: None };
    for asked in [[join(200), join(201)], [history(100), history(101)], [search(), join(0)], [search(), search()]] {
        let mut world = World::new(wide());
        let bobs = [world.connect("bob", true, false, false), world.connect("bob", true, true, false)];
        let carol = world.connect("carol", false, false, false);
        world.settle();
        for n in 0..24 {
            world.pass([0, 0, 0, 0, 1_000, 2_000][n % 6]);
            // What must come of it, the world knows: both of a person's connections draw on the same.
            world.ask(bobs[n % 2], asked[n / 2 % 2].clone());
            world.settle();
            if n % 5 == 0 {
                world.ask(carol, join(0));
            }
        }
        assert!(bobs.into_iter().all(|bob| world.clients[bob].is_idle()));
    }
}

#[test]
fn a_send_counts_once_however_long_it_waits() {
    let mut world = World::new(wide());
    let carol = world.connect("carol", false, false, false);
    world.ask(carol, lobby());
    for line in [
        r##"{"type":"broadcast","room":"#lobby","id":"a","msg":"a text"}"##,
        r##"{"type":"broadcast","room":"#lobby","id":"b","msg":" "}"##,
    ] {
        world.ask(carol, Incoming::parse(line.as_bytes()).unwrap().request);
    }
    (0..5).for_each(|_| world.pass(0));
    world.settle();
    assert!(world.clients[carol].is_idle(), "two of five sends are answered");
}

#[test]
fn who_broke_is_gone_after_sixty_seconds() {
    let mut world = World::new(wide());
    let bob = world.connect("bob", true, false, true);
    world.ask(bob, lobby());
    world.disconnect(bob);
    for millis in [59_999, 1] {
        world.pass(millis);
        // Who must be there, the world knows.
        world.look(world.observer, Request::Ls { room: None, after: None, limit: 500 });
    }
}
