//! Requests about keeping order, links and networks: whatever is written is read as it was meant, or refused.

use crate::config;
use proptest::prelude::*;
use shared::{
    Address, Incoming, MessageId, Nickname, Request, RoomName, Seq,
    identity::Pin,
    moderation::{Act, Action, FOR_S, Moderate, Role},
    network::Network,
};
use std::net::IpAddr;

fn networks() -> impl Strategy<Value = Network> {
    (any::<IpAddr>(), 0_u32..=128).prop_map(|(address, prefix)| {
        Network::new(address, if address.is_ipv4() { prefix / 4 } else { prefix }).unwrap()
    })
}

fn rooms() -> impl Strategy<Value = RoomName> {
    "[a-z日志0-9._-]{1,20}".prop_map(|name| RoomName::parse(&format!("#a{name}")).unwrap())
}

/// Acts that a request may carry: each action with what belongs to it.
fn moderates() -> impl Strategy<Value = Moderate> {
    let who = (any::<prop::sample::Index>(), "[a-z]{1,9}", proptest::option::of(networks()), rooms());
    let what = (any::<bool>(), any::<bool>(), proptest::option::of(1..=FOR_S), any::<bool>(), "\\PC{0,60}");
    (who, what).prop_map(|((action, name, network, room), (everywhere, address, for_s, owner, reason))| {
        let action = Action::ALL[action.index(Action::ALL.len())];
        let network = network.filter(|_| action.takes_network());
        let nickname = (action.has_target() && network.is_none()).then(|| Nickname::parse(&name).unwrap());
        let for_s = if action == Action::Slow { for_s.or(Some(0)) } else { for_s.filter(|_| action.takes_time()) };
        let role = if owner { Role::Owner } else { Role::Moderator };
        let role = matches!(action, Action::Grant | Action::Revoke).then_some(role);
        let gives = matches!(action, Action::Grant | Action::Revoke);
        let everywhere = everywhere && action.has_target() && !gives;
        let address = address && matches!(action, Action::Ban | Action::Mute) && network.is_none();
        let act = Act { action, everywhere, address, network, role, for_s, reason: Act::reason(&reason) };
        Moderate { id: MessageId::parse("m-1").unwrap(), room, nickname, act }
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn an_act_is_read_as_it_was_meant(moderate in moderates()) {
        let request = Request::Moderate(Box::new(moderate.clone()));
        let line = Incoming::from(request.clone()).encode();
        prop_assert_eq!(Incoming::parse(line.trim_ascii_end()).unwrap().request, request);
        prop_assert_eq!(Act::parse(&moderate.act.to_string()), Some(moderate.act));
    }

    #[test]
    fn a_redaction_is_read_as_it_was_meant(room in rooms(), re in 1_u64..1 << 53, reason in "\\PC{0,60}") {
        let (id, re) = (MessageId::parse("r").unwrap(), Seq::new(re).unwrap());
        let request = Request::Redact { id, room, re, reason: Act::reason(&reason) };
        let line = Incoming::from(request.clone()).encode();
        prop_assert_eq!(Incoming::parse(line.trim_ascii_end()).unwrap().request, request);
    }

    #[test]
    fn a_wrong_act_is_refused_with_its_id(
        action in "(kick|ban|slow|lock|grant|[a-z]{1,5})",
        fields in prop::collection::vec(
            ("(nickname|network|for_s|role|room|everywhere|address|reason)", "(\"\\PC{0,20}\"|[0-9]{1,20}|true|null|\\{\\})"),
            0..6
        )
    ) {
        let fields: Vec<String> = fields.iter().map(|(key, value)| format!(",\"{key}\":{value}")).collect();
        let fields = fields.concat();
        let line = format!("{{\"type\":\"moderate\",\"id\":\"x\",\"action\":\"{action}\"{fields}}}");
        match Incoming::parse(line.as_bytes()) {
            Ok(Incoming { request: Request::Moderate(moderate), .. }) => {
                // What was taken can be said again.
                let again = Incoming::from(Request::Moderate(moderate)).encode();
                prop_assert!(Incoming::parse(again.trim_ascii_end()).is_ok());
            }
            Ok(other) => prop_assert!(false, "{:?}", other),
            Err(rejection) => {
                prop_assert!(rejection.code.as_str() == "bad_json" || rejection.id.is_some(), "{:?}", rejection);
            }
        }
    }

    #[test]
    fn any_text_is_an_act_or_none(text in "\\PC{0,80}") {
        if let Some(act) = Act::parse(&text) {
            prop_assert_eq!(Act::parse(&act.to_string()), Some(act));
        }
    }

    #[test]
    fn a_link_is_read_as_it_was_meant(
        host in "([a-z0-9.-]{1,20}|[0-9a-f]{1,4}::[0-9a-f]{1,4})",
        port in any::<u16>(),
        room in proptest::option::of(rooms()),
        pin in any::<Option<[u8; 32]>>(),
        invite in proptest::option::of("[A-Za-z0-9_-]{1,64}")
    ) {
        let (pin, invite) = (pin.map(Pin::new), invite.map(Into::into));
        let address = Address { room, pin, invite, ..Address::new(host, port) };
        prop_assert_eq!(Address::parse(&address.link()), Ok(address));
    }

    #[test]
    fn any_text_is_a_network_or_none(text in "[0-9a-f:./]{0,40}", address in any::<IpAddr>()) {
        if let Ok(network) = text.parse::<Network>() {
            prop_assert_eq!(network.to_string().parse(), Ok(network));
            network.contains(address);
        }
    }
}
