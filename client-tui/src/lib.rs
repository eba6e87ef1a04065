//! The full-screen terminal client of Parlor.
//!
//! Terminal, link, store and clock make events; [`app::App::update`] decides and says what is to happen; [`view::draw`]
//! shows the state. Only `run` and what it holds do I/O.

pub mod app;
pub mod cli;
pub mod command;
pub mod config;
pub mod demo;
#[cfg_attr(not(feature = "host"), path = "no_host.rs")]
mod host;
pub mod identity;
pub mod layout;
pub mod link;
pub mod links;
pub mod locale;
pub mod manual;
pub mod markup;
mod outside;
mod plain;
pub mod rows;
mod run;
mod script;
mod setup;
pub mod store;
mod terminal;
pub mod text;
pub mod theme;
mod time;
pub mod view;

pub use setup::main;
