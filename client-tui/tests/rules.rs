//! The rules of the screen, each on a screen that is no larger than the rule needs.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod scene;

#[path = "rules/catching_up.rs"]
mod catching_up;
#[path = "rules/history.rs"]
mod history;
#[path = "rules/input.rs"]
mod input;
#[path = "rules/joining.rs"]
mod joining;
#[path = "rules/log.rs"]
mod log;
#[path = "rules/outbox.rs"]
mod outbox;
#[path = "rules/people.rs"]
mod people;
#[path = "rules/reading.rs"]
mod reading;
#[path = "rules/table.rs"]
mod table;
#[path = "rules/viewport.rs"]
mod viewport;
