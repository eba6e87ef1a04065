//! Every size that the wire fixes, once. All are bytes unless the name says otherwise.

/// The version of the wire that this crate speaks.
pub const WIRE_VERSION: u64 = 1;
/// The port that everything is served on when nobody says otherwise.
pub const DEFAULT_PORT: u16 = 12231;
/// The room that people meet in when nobody names one.
pub const DEFAULT_ROOM: &str = "#lobby";

/// A client's line after login, without its line end.
pub const CLIENT_LINE: usize = 16_384;
/// A client's line before login.
pub const CLIENT_LINE_BEFORE_LOGIN: usize = 4_096;
/// Lines a connection may send before it has logged in.
pub const LINES_BEFORE_LOGIN: u32 = 20;
/// Bytes a connection may send before it has logged in.
pub const BYTES_BEFORE_LOGIN: usize = 65_536;
/// A server's line; a longer answer is cut at an entry and says `more`.
pub const SERVER_LINE: usize = 1_048_576;
/// How deep a line's JSON may nest, the outermost object counted.
pub const JSON_DEPTH: usize = 16;

/// A message's text after cleaning.
pub const TEXT: usize = 4_096;
/// A room's topic after cleaning.
pub const TOPIC: usize = 512;
/// A nickname.
pub const NICKNAME: usize = 32;
/// A nickname, in terminal columns.
pub const NICKNAME_COLUMNS: usize = 24;
/// A room's name behind its `#`, in code points.
pub const ROOM_CHARS: usize = 32;
/// A message's id.
pub const MESSAGE_ID: usize = 64;
/// A request's tag.
pub const TAG: usize = 64;
/// The name of a log's incarnation.
pub const EPOCH: usize = 64;
/// An invite's token.
pub const INVITE: usize = 64;
/// A program's description of itself in `hello`.
pub const AGENT: usize = 128;

/// A seq stays below this, so that every JSON reader holds it exactly.
pub const SEQ_END: u64 = 1 << 53;
/// Entries a `join` may ask for, and the most that is pushed before a `gap` is said instead.
pub const LAST_MAX: u64 = 1_000;
/// Entries a `join` brings when it does not say.
pub const LAST_DEFAULT: u64 = 50;
/// Items of a page that does not say.
pub const PAGE_DEFAULT: u64 = 50;
/// Entries of a `history` page.
pub const HISTORY_MAX: u64 = 200;
/// Entries of a `search` page.
pub const SEARCH_MAX: u64 = 100;
/// Members of an `ls` page, rooms of a `rooms` page.
pub const LIST_MAX: u64 = 500;
/// Words of a search.
pub const SEARCH_WORDS: usize = 32;
/// Members above which a room's roster and named presence are no longer pushed.
pub const ROSTER_MAX: usize = 500;
/// Members at which a room that was above [`ROSTER_MAX`] gets its roster again.
pub const ROSTER_AGAIN: usize = 450;

/// Bad lines in a row that close a connection.
pub const BAD_LINES: u32 = 10;
/// Failed logins that close a connection.
pub const FAILED_LOGINS: u32 = 10;
/// Sends a client may have unanswered.
pub const SENDS_UNANSWERED: usize = 32;

/// An object to a classic client, which reads 1,024 bytes at a time and needs it whole.
pub const CLASSIC_OBJECT: usize = 1_000;
