//! Buttons and the wheel of the mouse, where they are listened to.

use super::{App, Focus, Overlay};
use crate::view;
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

/// Rows that a step of the wheel scrolls by.
const STEP: isize = 3;

impl App {
    pub(super) fn mouse(&mut self, mouse: MouseEvent) {
        if self.form.is_some() || !self.has_mouse {
            return;
        }
        match mouse.kind {
            MouseEventKind::ScrollUp => self.wheel(-STEP),
            MouseEventKind::ScrollDown => self.wheel(STEP),
            MouseEventKind::Down(MouseButton::Left) if self.overlay.is_none() => {
                self.click(Position::new(mouse.column, mouse.row));
            }
            _ => {}
        }
    }

    fn wheel(&mut self, rows: isize) {
        match &mut self.overlay {
            None => self.scroll(rows),
            Some(Overlay::Picker(picker)) => picker.turn(rows.signum()),
            Some(Overlay::Help(at)) => {
                let to = u16::try_from(isize::try_from(*at).unwrap_or(0).saturating_add(rows).max(0)).unwrap_or(0);
                self.overlay = Some(Overlay::Help(to.min(self.help_end())));
            }
            Some(Overlay::Paste(_) | Overlay::Unsent | Overlay::Certificate(_)) => {}
        }
    }

    fn click(&mut self, at: Position) {
        let Some(layout) = self.layout() else { return };
        if layout.tabs.contains(at) {
            if let Some(index) = view::tab_at(self, layout.tabs, at.x) {
                self.switch_to(index);
            }
        } else if let Some(users) = layout.users.filter(|users| users.contains(at)) {
            let people = self.current().map_or(0, |conversation| self.people(conversation).len());
            let row = usize::from(at.y - users.y);
            if row < people {
                self.focus = Focus::Users(row);
            }
        } else if layout.log.contains(at) {
            self.select_row(usize::from(at.y - layout.log.y));
        } else {
            self.focus = Focus::Input;
        }
    }
}
