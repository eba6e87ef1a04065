use super::*;
use proptest::prelude::*;
use std::time::{Duration, Instant};

/// A text with its looks written out: `B`old, `I`talic, `C`ode, `L`ink, `!` for what stands out.
fn shown(text: &str, words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(ToString::to_string).collect();
    let styled = styled(text, &words);
    let mut shown = String::new();
    for run in &styled.runs {
        let (text, look) = (&styled.text[run.bytes.clone()], run.look);
        let marks = [(look.bold, 'B'), (look.italic, 'I'), (look.code, 'C'), (look.link.is_some(), 'L')];
        let marks: String =
            marks.iter().chain(&[(look.stands_out, '!')]).filter(|(is, _)| *is).map(|(_, c)| c).collect();
        if marks.is_empty() {
            shown.push_str(text);
        } else {
            shown.extend(["{", &marks, " ", text, "}"]);
        }
    }
    shown
}

fn expect(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(shown(text, &[]), *expected, "{text}");
    }
}

fn expect_as_typed(texts: &[&str]) {
    for text in texts {
        assert_eq!(shown(text, &[]), *text);
    }
}

#[test]
fn bold_and_italic() {
    expect(&[
        ("this is **bold** text", "this is {B bold} text"),
        ("this is *italic* text", "this is {I italic} text"),
        ("**bold**", "{B bold}"),
        ("*sigh*", "{I sigh}"),
        ("(*aside*), **Note:** yes", "({I aside}), {B Note:} yes"),
        ("**two words**, *and two*.", "{B two words}, {I and two}."),
        ("***both***", "{BI both}"),
        ("**bold and *both***", "{B bold and }{BI both}"),
        ("*italic and **both***", "{I italic and }{BI both}"),
        ("***both* bold**", "{BI both}{B  bold}"),
        ("***both** italic*", "{BI both}{I  italic}"),
        ("**a *b* c**", "{B a }{BI b}{B  c}"),
        ("*a **b** c*", "{I a }{BI b}{I  c}"),
        ("**A**/**B**", "{B A}/{B B}"),
        ("**/etc/hosts** is a path", "{B /etc/hosts} is a path"),
        ("**.NET**", "{B .NET}"),
        ("**see `code` here**", "{B see }{BC code}{B  here}"),
        ("**\"quoted\"**", "{B \"quoted\"}"),
        ("👍**yes**👍", "👍{B yes}👍"),
        ("❤️**yes**❤️", "❤️{B yes}❤️"),
        ("**note***", "{B note}*"),
    ]);
}

#[test]
fn emphasis_in_chinese_and_japanese() {
    expect(&[
        ("这是**粗体**字", "这是{B 粗体}字"),
        ("这是*斜体*字", "这是{I 斜体}字"),
        ("**注意：**明天放假", "{B 注意：}明天放假"),
        ("他说**“好”**。", "他说{B “好”}。"),
        ("これは**太字**です", "これは{B 太字}です"),
        ("이것은 **굵게**는", "이것은 {B 굵게}는"),
        ("用**bold**吧", "用{B bold}吧"),
    ]);
}

const NO_MARKS: &[&str] = &[
    "2*3*4",
    "2 * 3 * 4",
    "a * b",
    "a*b*c",
    "**/*.rs",
    "src/*.rs,test/*.rs",
    "*.rs, *.toml",
    "*.rs,*.toml",
    "**/target/**",
    "/*x*/",
    "/* a comment */",
    "/tmp/*, /var/*",
    "f(*args, **kwargs)",
    "int *p, *q;",
    "char **argv, **envp",
    "*p = *q",
    "x**2 + y**2",
    "*/5 * * * *",
    "count(*), sum(*)",
    "'*' and '*'",
    "\"**\" or \"**\"",
    "*_*",
    "*.*",
    "*",
    "**",
    "***",
    "****",
    "* item\n* item",
    "****four****",
    "** no**",
    "**no **",
    "*no",
    "no*",
    "**no",
    "**no*",
    "*no**",
    "*not\nacross*",
    "s***, f***",
    "snake_case_name",
    "_x_",
    "__init__",
    "a **b",
    "~~no~~",
    "# no",
    "> no",
    "[no](no)",
];

#[test]
fn stars_that_are_no_marks() {
    expect_as_typed(NO_MARKS);
    expect(&[
        ("a *b **c* d", "a {I b **c} d"),
        ("**a *b** c*", "{B a *b} c*"),
        ("*a *b* c", "*a {I b} c"),
        ("\\*a* b*", "\\*a* b*"),
    ]);
}

#[test]
fn code() {
    expect(&[
        ("use `x*y*z` here", "use {C x*y*z} here"),
        ("`**no**`", "{C **no**}"),
        ("`a` and `b`", "{C a} and {C b}"),
        ("两个`文件`s", "两个{C 文件}s"),
        ("`foo`s", "{C foo}s"),
        ("*a `*` b*", "{I a }{IC *}{I  b}"),
        ("`a``b`", "{C a``b}"),
        ("`https://example.org`", "{C https://example.org}"),
        ("**`x`**", "{BC x}"),
    ]);
    expect_as_typed(&[
        "`",
        "``",
        "a ` b",
        "`open",
        "don`t and can`t",
        "` `",
        "`not\nacross`",
        "``a`b``",
        "x ``` y ``` z",
    ]);
}

#[test]
fn fenced_code() {
    expect(&[
        ("```\na *b* c\n```", "{C a *b* c}"),
        ("```rust\nfn a() {}\n\nfn b() {}\n```", "{C fn a() {}\n\nfn b() {}}"),
        ("see\n```\ncode\n```\n*so*", "see\n{C code}\n{I so}"),
        ("```c++\nint x;\n```", "{C int x;}"),
        ("```rust,ignore\nx\n```", "{C x}"),
        ("```fn main() {\n}\n```", "{C fn main() {\n}}"),
        ("```\na\nb```", "{C a\nb}"),
        ("```one line```", "{C one line}"),
        ("```word```", "{C word}"),
        ("```\n  indented\n  ```", "{C   indented}"),
        ("```\nhttps://example.org\n```", "{C https://example.org}"),
        ("```\na\n```\n```\nb\n```", "{C a}\n{C b}"),
        ("```\na ``` b\n```", "{C a ``` b}"),
        ("```\n```\nx\n```", "```\n{C x}"),
        ("```rust\n```", "{C rust}"),
        ("```\nx\n```\n", "{C x}\n"),
    ]);
    expect_as_typed(&[
        "```",
        "```rust",
        "```rust\nfn a() {}",
        "```\n```",
        "``````",
        "```\n\n```",
        "````\nx\n````",
        "x ```\ny",
    ]);
    // An end that is missing does not hide what comes behind.
    expect(&[("```\n**a**\n`b`", "```\n{B a}\n{C b}")]);
}

const LINKS: &[(&str, &str)] = &[
    ("see https://example.org/a_b_c, ok", "see {L https://example.org/a_b_c}, ok"),
    ("(https://example.org/x).", "({L https://example.org/x})."),
    ("https://en.wikipedia.org/wiki/A_(b)", "{L https://en.wikipedia.org/wiki/A_(b)}"),
    ("<http://localhost:8080/>", "<{L http://localhost:8080/}>"),
    ("https://example.org/a*b*c *x*", "{L https://example.org/a*b*c} {I x}"),
    ("**https://example.org/x**", "{BL https://example.org/x}"),
    ("*https://example.org*", "{IL https://example.org}"),
    ("*see https://example.org/*", "{I see }{IL https://example.org/}"),
    ("看https://example.org/路径。好", "看{L https://example.org/路径}。好"),
    ("https://example.org/a.。", "{L https://example.org/a}.。"),
    ("（https://example.org/a）", "（{L https://example.org/a}）"),
    ("https://example.org/a，https://example.org/b", "{L https://example.org/a}，{L https://example.org/b}"),
    ("https://example.org看看", "{L https://example.org}看看"),
    ("https://example.org:8080看看", "{L https://example.org:8080}看看"),
    ("https://a.org看https://b.org", "{L https://a.org}看{L https://b.org}"),
    ("HTTPS://EXAMPLE.ORG", "{L HTTPS://EXAMPLE.ORG}"),
    ("https://example.org/a\u{200d}b", "{L https://example.org/a}\u{200d}b"),
    ("https://example.org/a\u{a0}b", "{L https://example.org/a}\u{a0}b"),
    ("https://example.org/x_*y*", "{L https://example.org/x_*y}*"),
    ("[x](https://example.org)", "[x]({L https://example.org})"),
];

#[test]
fn links() {
    expect(LINKS);
    expect_as_typed(&[
        "https://",
        "http:// x",
        "ftp://example.org",
        "javascript://alert",
        "example.org",
        "mailto:a@b.org",
    ]);
    expect_as_typed(&["xhttps://example.org", "file:///etc/passwd"]);
    // What is not drawn is not in the target, either.
    assert_eq!(styled("https://example.org/\u{202e}gpj.exe", &[]).links, ["https://example.org/gpj.exe"]);
}

#[test]
fn words_stand_out() {
    let cases = [
        ("hi Alice!", "hi {! Alice}!"),
        ("@alice: see", "@{! alice}: see"),
        ("malice, alice2, alice_b", "malice, alice2, alice_b"),
        ("找alice吗", "找{! alice}吗"),
        ("小明的alice", "{! 小明}的{! alice}"),
        ("ALICE's", "{! ALICE}'s"),
        ("**alice**", "{B! alice}"),
        ("**小**明", "{B! 小}{! 明}"),
        ("`alice` x", "{C alice} x"),
        ("https://example.org/alice", "{L https://example.org/alice}"),
        ("```\nalice\n```", "{C alice}"),
        ("new york, New York", "{! new york}, {! New York}"),
        ("straße STRASSE İx", "{! straße} STRASSE İx"),
        ("c++ and C++", "{! c++} and {! C++}"),
    ];
    let words = ["Alice", "小明", "new york", "", " ", "STRAßE", "C++"];
    for (text, expected) in cases {
        assert_eq!(shown(text, &words), expected);
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        assert_eq!(mentions(text, &words), expected.contains('!') && expected != text, "{text}");
    }
    assert_eq!(shown("İstanbul!", &["i\u{307}stanbul"]), "{! İstanbul}!");
    assert_eq!(shown("ab abc", &["ab abc", "abc", "ab"]), "{! ab abc}");
}

#[test]
fn nothing_takes_long() {
    let pieces = [
        "*",
        "**a ",
        "a** ",
        "*a",
        "***a* ",
        "*_",
        "\u{301}*",
        "`",
        "` ",
        "`a",
        "[",
        "```\n",
        "```a\n",
        "```\n\n```\n",
        "http://",
        "https://a看",
        "a:",
        "https://a.b@",
        "'https://a.b/",
        "alice ",
        "小明",
    ];
    for piece in pieces {
        let start = Instant::now();
        styled(&piece.repeat(400_000 / piece.len()), &["alice".to_owned(), "a a".to_owned(), "小明".to_owned()]);
        // Less than half a second; what goes over the text again for every mark takes minutes.
        assert!(start.elapsed() < Duration::from_secs(20), "{piece:?}");
    }
}

/// Texts that are full of marks.
fn text() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "*",
        "**",
        "***",
        "`",
        "```",
        "\n",
        "\n```",
        "```rust\n",
        " ",
        "a",
        "alice",
        "小明",
        "。",
        "https://",
        "http://a.b/",
        "x.org",
        "/",
        "_",
        ".",
        ",",
        "(",
        ")",
        "\"",
        "\u{202e}",
        "\u{1b}[31m",
        "\r",
        "\t",
        "\u{200d}",
        "\u{301}",
        "👨\u{200d}👩",
        "İ",
    ];
    let piece = prop_oneof![4 => proptest::sample::select(PIECES).prop_map(str::to_owned), 1 => "(?s).{0,3}"];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn is_subsequence(part: &str, whole: &str) -> bool {
    let mut whole = whole.chars();
    part.chars().all(|c| whole.any(|other| other == c))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_is_typed(text in text()) {
        let words = ["alice".to_owned(), "小明".to_owned()];
        let styled = styled(&text, &words);
        let mut end = 0;
        for run in &styled.runs {
            prop_assert!(run.bytes.start == end && run.bytes.end > end, "{:?}", styled);
            prop_assert!(styled.text.get(run.bytes.clone()).is_some());
            end = run.bytes.end;
        }
        prop_assert_eq!(end, styled.text.len());
        // Nothing that a terminal could take for a command has come to be.
        prop_assert_eq!(&drawable(&styled.text), &styled.text);
        prop_assert!(styled.text.chars().all(|c| c == '\n' || !c.is_control()));
        prop_assert!(is_subsequence(&styled.text, &drawable(&text)));
        let linked = styled.runs.iter().filter_map(|run| Some((&styled.text[run.bytes.clone()], run.look.link?)));
        let mut drawn = vec![String::new(); styled.links.len()];
        linked.for_each(|(text, link)| drawn[usize::from(link)].push_str(text));
        prop_assert_eq!(&drawn, &styled.links);
        prop_assert!(drawn.iter().all(|url| url.to_lowercase().starts_with("http")));
        prop_assert!(styled.runs.iter().all(|run| !(run.look.code && run.look.link.is_some())));
        prop_assert_eq!(mentions(&text, &words), styled.runs.iter().any(|run| run.look.stands_out));
    }

    #[test]
    fn only_marks_disappear(text in text()) {
        // A language is part of the mark; here there is none.
        let named = |line: &str| line.trim_start().strip_prefix("```").is_some_and(|name| !name.trim().is_empty());
        let lines = drawable(&text).split('\n').map(|line| format!("{line}{}", if named(line) { "(" } else { "" })).collect::<Vec<_>>();
        let text = lines.join("\n");
        let letters = |text: &str| text.chars().filter(|c| !"*`\n ".contains(*c)).collect::<String>();
        prop_assert_eq!(letters(&styled(&text, &[]).text), letters(&text));
    }
}
