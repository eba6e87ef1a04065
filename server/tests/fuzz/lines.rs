//! Lines that are nearly requests.

use proptest::{
    prelude::*,
    sample::{Index, select},
};

/// A value that some field has a use for, or none.
fn value() -> impl Strategy<Value = String> {
    let known = vec![
        "\"#lobby\"",
        "\"#old\"",
        "\"#Dev\"",
        "\"@\"",
        "\"#\"",
        "\"alice\"",
        "\"Bob\"",
        "\"carol\"",
        "\"b0b\"",
        "\"-_-\"",
        "\"m1\"",
        "\"m2\"",
        "\"a text\"",
        "\" \"",
        "\"\\u202e\"",
        "\"action\"",
        "\"lobby\"",
        "\"old\"",
        "true",
        "false",
        "null",
        "0",
        "1",
        "2",
        "5",
        "45",
        "998",
        "999",
        "1000",
        "1001",
        "-1",
        "1.0",
        "1e3",
        "9007199254740991",
        "9007199254740992",
        "18446744073709551615",
        "[]",
        "{\"a\":[]}",
        "\"\\ud800\"",
        "\"1790000000000-998-#lobby\"",
    ];
    prop_oneof![
        12 => select(known).prop_map(str::to_owned),
        1 => any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        1 => (4_080_usize..4_110).prop_map(|length| format!("\"{}\"", "x".repeat(length))),
    ]
}

/// What is asked well, with holes for what is not.
const SHAPES: [&str; 26] = [
    r#"{"type":"hello","version":1}"#,
    r#"{"type":"login","nickname":"dave"}"#,
    r#"{"type":"login","nickname":$,"quiet":true}"#,
    r##"{"type":"join","room":"#lobby","last":3}"##,
    r##"{"type":"join","room":"#dev"}"##,
    r#"{"type":"join","room":$,"last":$}"#,
    r#"{"type":"join","room":$,"after":$,"epoch":$}"#,
    r##"{"type":"leave","room":"#dev"}"##,
    r##"{"type":"broadcast","room":"#lobby","id":"m1","msg":$}"##,
    r#"{"type":"broadcast","room":$,"id":$,"msg":"a text","kind":"action","re":$}"#,
    r#"{"type":"topic","room":$,"id":"m3","msg":$}"#,
    r#"{"type":"sendto","nickname":$,"id":$,"msg":"psst"}"#,
    r#"{"type":"ignore","on":$}"#,
    r#"{"type":"ignore","on":true,"until":$}"#,
    r#"{"type":"away","on":$}"#,
    r#"{"type":"read","room":$,"seq":$,"back":$}"#,
    r#"{"type":"ls"}"#,
    r#"{"type":"ls","room":$,"after":$,"limit":$}"#,
    r#"{"type":"rooms","after":$,"limit":$}"#,
    r#"{"type":"history","room":$,"before":$}"#,
    r#"{"type":"history","room":$,"after":$,"limit":$}"#,
    r#"{"type":"history","room":$,"at":$}"#,
    r#"{"type":"search","text":$,"room":$,"limit":$,"from":$}"#,
    r#"{"type":"help","tag":$}"#,
    r#"{"type":"ping","x":$}"#,
    r#"{"type":"bye"}"#,
];

/// A request with any values, perhaps with bytes that are other ones, or none; and its line end.
pub(crate) fn lines() -> impl Strategy<Value = Vec<u8>> {
    let request = (select(SHAPES.to_vec()), prop::collection::vec(value(), 4)).prop_map(|(shape, values)| {
        let mut parts = shape.split('$');
        let mut line = parts.next().unwrap_or_default().to_owned();
        for (part, value) in parts.zip(&values) {
            line += value;
            line += part;
        }
        line.into_bytes()
    });
    let request = request.boxed();
    let broken = (request.clone(), any::<Index>(), any::<Index>(), any::<u8>(), 0_u8..3).prop_map(
        |(mut line, at, to, byte, how)| {
            let (at, to) = (at.index(line.len()), to.index(line.len()));
            match how {
                0 => line[at] = byte,
                1 => line.truncate(at),
                _ => drop(line.drain(at.min(to)..at.max(to))),
            }
            line
        },
    );
    let end = select(vec!["\n", "\n", "\r\n", "\n\n", ""]);
    (prop_oneof![12 => request, 2 => broken, 1 => bytes()], end).prop_map(|(mut line, end)| {
        line.extend_from_slice(end.as_bytes());
        line
    })
}

/// Any bytes, with beginnings of every protocol.
pub(crate) fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let words: Vec<&[u8]> = vec![
        b"{",
        b"}",
        b"\n",
        b"\"",
        b"\\",
        b"NICK ",
        b"NI",
        b"GET ",
        b"POST ",
        b"CAP",
        b" ",
        b"\x16\x03\x01",
        b"\xff",
        b"{\"type\":\"login\",\"msg\":\"bob\"}",
        b"{\"type\":\"hello\",\"version\":1}\n",
        b"\"type\":\"login\"",
        b",\"msg\":1",
    ];
    let piece = prop_oneof![
        8 => select(words).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..8),
        1 => (4_000_usize..4_200).prop_map(|length| vec![b'x'; length]),
    ];
    prop::collection::vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}
