//! The mouse, where it is wanted.

use crate::terminal::{
    Server, Terminal, client, data, wait_until,
    wire::{Guest, talk},
};

fn has_mouse(terminal: &Terminal) -> bool {
    let modes = terminal.modes();
    let is_on = |mode: &str| modes.iter().any(|on| on == mode);
    assert!(!is_on("1002") && !is_on("1003"), "no motion: {modes:?}");
    is_on("1000") && is_on("1006")
}

fn click(terminal: &mut Terminal, text: &str) {
    let (column, row) = terminal.find(text).unwrap();
    let (column, row) = (column + 2, row + 1);
    terminal.send(&format!("\x1b[<0;{column};{row}M\x1b[<0;{column};{row}m"));
}

#[test]
fn tabs_are_clicked_and_the_wheel_scrolls() {
    let (server, a) = (Server::start(), data());
    let mut alice = client(&server, "alice", a.path(), 100, 24);
    let talk = talk();
    Guest::new(&server, "bob", "#lobby").say_all(talk[..60].iter().copied());
    alice.expect(talk[59]);
    alice.expect_gone("#lobby 60");
    assert!(!has_mouse(&alice), "off until it is asked for");
    alice.line("/join #ubuntu");
    alice.expect_gone(talk[59]);
    alice.line("/mouse");
    alice.expect("the mouse scrolls and clicks");
    wait_until("the mouse is on", || has_mouse(&alice));
    click(&mut alice, "#lobby");
    alice.expect(talk[59]);
    let row = alice.find(talk[50]).unwrap().1;
    alice.send("\x1b[<64;10;10M");
    alice.expect_gone(talk[59]);
    assert_eq!(alice.find(talk[50]).unwrap().1, row + 3);
    alice.send("\x1b[<65;10;10M");
    alice.expect(talk[59]);
    // A click on a message selects it, one on a person does as well.
    click(&mut alice, talk[55]);
    alice.escape(&format!("▌ {}", talk[55]));
    alice.line("/mouse");
    wait_until("the mouse is off", || !has_mouse(&alice));
    alice.line("/mouse");
    wait_until("the mouse is on", || has_mouse(&alice));
    alice.send("\x11");
    alice.wait();
    wait_until("nothing is left on", || alice.modes().is_empty());
}
