//! Links on the screen: how a cell says which link it belongs to.
//!
//! A cell has no room for an address, but nobody needs its underline's colour: there stands a number of 24 bits, and a
//! table of the frame says which address it means. `terminal` makes hyperlinks of them.

use ratatui::style::Color;
use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::BuildHasher,
    sync::LazyLock,
};

/// The addresses of a frame's links by their numbers.
pub type Links = HashMap<u32, String>;

/// Anew in each process: nobody can make an address that takes another one's number.
static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// The number of an address, below 2^24.
pub fn id(url: &str) -> u32 {
    let [.., a, b, c] = KEY.hash_one(url).to_be_bytes();
    u32::from_be_bytes([0, a, b, c])
}

/// The underline colour of an address's cells.
pub fn colour(url: &str) -> Color {
    let [_, a, b, c] = id(url).to_be_bytes();
    Color::Rgb(a, b, c)
}

/// Puts an address into the table: its colour. `None` if another address has its number already: no link leads astray.
pub fn insert(links: &mut Links, url: &str) -> Option<Color> {
    (links.entry(id(url)).or_insert_with(|| url.to_owned()) == url).then(|| colour(url))
}

/// The number that a colour stands for.
pub(crate) fn id_of(colour: Color) -> Option<u32> {
    match colour {
        Color::Rgb(a, b, c) => Some(u32::from_be_bytes([0, a, b, c])),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_number_and_gives_way_to_who_was_first() {
        let (url, mut links) = ("https://example.org/", Links::new());
        assert_eq!(insert(&mut links, url), Some(colour(url)));
        assert_eq!(insert(&mut links, url), Some(colour(url)));
        assert_eq!(links[&id(url)], url);
        assert_eq!(id_of(colour(url)), Some(id(url)));
        links.insert(id(url), "https://elsewhere.example/".into());
        assert_eq!(insert(&mut links, url), None);
    }
}
