//! Streams of bytes: however they are split, the same comes out, and no more is kept than must be.

use crate::{config, cuts, pieces};
use proptest::prelude::*;
use shared::{
    classic::{Decoder, Display, FirstObject, Item, Type, first_object},
    codec::{Line, LineCodec},
    limits,
};

/// Bytes as hostile clients send them: pieces of JSON, line ends, anything.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let words: Vec<&[u8]> = vec![
        b"\n",
        b"\r\n",
        b"\r",
        b"{",
        b"}",
        b"\"",
        b"\\",
        b" ",
        b"[",
        b"]",
        b":",
        b",",
        b"null",
        b"\xff",
        b"\xe5\xad",
        b"{\"type\":\"login\",\"msg\":\"bob\"}",
        b"{\"type\":\"hello\",\"version\":1}\n",
        b"{\"type\":\"ls\"}",
        b"{\"type\":\"broadcast\",\"msg\":\"} \\\" {\"}",
        b"{\"type\":\"login\"",
        b",\"msg\":1}",
        b"\"a\":{}",
    ];
    let word = prop::sample::select(words).prop_map(<[u8]>::to_vec);
    let piece = prop_oneof![4 => word, 1 => prop::collection::vec(any::<u8>(), 0..12)];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn lines(pieces: &[&[u8]], limits: &[usize]) -> Vec<Option<Vec<u8>>> {
    let (mut codec, mut found) = (LineCodec::default(), Vec::new());
    for mut piece in pieces.iter().copied() {
        let limit = limits[0];
        while let Some(line) = codec.next(&mut piece, limit) {
            found.push(match line {
                Line::Whole(line) => {
                    assert!(line.len() <= limit && !line.contains(&b'\n'));
                    Some(line.to_vec())
                }
                Line::TooLong => None,
            });
        }
        assert!(piece.is_empty(), "all of it is used");
        assert!(kept(&codec) <= limit + 1, "a line and perhaps its CR: {codec:?}");
    }
    found
}

/// How much a decoder keeps; it is private, but it is shown.
fn kept(codec: &LineCodec) -> usize {
    let shown = format!("{codec:?}");
    let list = shown.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map_or("", |(list, _)| list);
    list.split(", ").filter(|byte| !byte.is_empty()).count()
}

fn items(pieces: &[&[u8]]) -> (Vec<Item>, usize) {
    let (mut decoder, mut found) = (Decoder::default(), Vec::new());
    for piece in pieces {
        decoder.push(piece);
        found.extend(std::iter::from_fn(|| decoder.next_item()));
    }
    (found, decoder.into_rest().len())
}

/// What is broken may be said once or more often; what is whole is the same.
fn requests(items: Vec<Item>) -> Vec<Item> {
    items.into_iter().filter(|item| *item != Item::Malformed).collect()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_split_gives_the_same_lines(bytes in bytes(), cuts in cuts(), limit in 1_usize..48) {
        let whole = lines(&[&bytes], &[limit]);
        prop_assert_eq!(&lines(&pieces(&bytes, &cuts), &[limit]), &whole);
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        prop_assert_eq!(&lines(&single, &[limit]), &whole);
        let ends = bytes.split(|byte| *byte == b'\n').count() - 1;
        prop_assert!(whole.len() == ends || (whole.len() == ends + 1 && whole.last() == Some(&None)));
    }

    #[test]
    fn a_long_line_costs_no_more_than_its_limit(length in 0_usize..40_000, cuts in cuts(), cr in any::<bool>()) {
        let mut bytes = vec![b'x'; length];
        bytes.extend_from_slice(if cr { b"\r\nnext\n" } else { b"\nnext\n" });
        let found = lines(&pieces(&bytes, &cuts), &[limits::CLIENT_LINE]);
        let first = (length <= limits::CLIENT_LINE).then(|| vec![b'x'; length]);
        prop_assert_eq!(found, vec![first, Some(b"next".to_vec())]);
    }

    #[test]
    fn any_split_gives_the_same_classic_requests(bytes in bytes(), cuts in cuts()) {
        let whole = requests(items(&[&bytes]).0);
        prop_assert_eq!(&requests(items(&pieces(&bytes, &cuts)).0), &whole);
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        prop_assert_eq!(&requests(items(&single).0), &whole);
    }

    #[test]
    fn a_classic_client_is_never_kept_in_memory(open in "\\{\"type\":\"[a-z]{0,5}", length in 0_usize..40_000, cuts in cuts()) {
        let bytes = [open.as_bytes(), &vec![b'x'; length]].concat();
        let (_, kept) = items(&pieces(&bytes, &cuts));
        prop_assert!(kept <= limits::CLIENT_LINE, "{} bytes", kept);
    }

    #[test]
    fn the_dialect_is_decided_once(bytes in bytes(), cut in any::<prop::sample::Index>()) {
        let bytes = if bytes.starts_with(b"{") { bytes } else { [b"{".as_slice(), &bytes].concat() };
        let early = first_object(&bytes[..=cut.index(bytes.len())]);
        prop_assert!(early == FirstObject::Incomplete || early == first_object(&bytes), "{:?}", early);
    }

    #[test]
    fn what_a_classic_client_is_sent_is_small_and_whole(text in any::<String>(), more in "\\PC{0,900}") {
        let text = text + &more;
        let mut whole = String::new();
        for object in Display::with_success(Type::Ignore, true, text.clone()).encode() {
            prop_assert!(object.len() <= limits::CLASSIC_OBJECT);
            let value: serde_json::Value = serde_json::from_slice(&object).unwrap();
            whole += value["msg"].as_str().unwrap();
        }
        prop_assert_eq!(whole, text);
    }
}
