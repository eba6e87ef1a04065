//! One line an event and a plain prompt: for screen readers and simple terminals.

use crate::{
    app::{App, Effect, Event, Link, Overlay, form::Choice, outbox::Delivery, picker::List, timeline::Place},
    command::COMMANDS,
    outside::Outside,
    run::sleep_until,
    text::drawable_line,
};
use shared::MessageId;
use std::{
    collections::{HashMap, HashSet},
    io::{self, BufRead, Write, stdin, stdout},
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// A window for an app that draws nothing: what it would show is what is printed.
const SIZE: (u16, u16) = (80, 24);

struct Plain {
    app: App,
    outside: Outside,
    has_bell: bool,
    /// The last line of each conversation that was printed.
    printed: HashMap<String, (Place, String)>,
    /// Refused messages that were told.
    refused: HashSet<MessageId>,
    /// What was said about the link, and by the app.
    link: String,
    word: Option<String>,
    ends: bool,
}

/// Runs until the person quits or the input ends.
pub(crate) async fn run(mut app: App, choice: &Choice, has_bell: bool, outside: Outside) -> anyhow::Result<()> {
    app.size = SIZE;
    app.open(choice);
    let mut plain = Plain {
        app,
        outside,
        has_bell,
        printed: HashMap::new(),
        refused: HashSet::new(),
        link: String::new(),
        word: None,
        ends: false,
    };
    plain.outside.call(choice);
    let mut lines = read_lines()?;
    let mut interrupt = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
    while !plain.ends {
        let tick = plain.app.next_tick().map(|at| plain.outside.instant(at));
        tokio::select! {
            line = lines.recv() => match line {
                Some(line) => plain.line(line)?,
                None => break,
            },
            event = plain.outside.next() => {
                plain.event(event)?;
                while let Some(event) = plain.outside.try_next() {
                    plain.event(event)?;
                }
            }
            _ = interrupt.recv() => break,
            () = sleep_until(tick) => plain.event(Event::Tick)?,
        }
        plain.print()?;
    }
    plain.outside.end().await;
    Ok(())
}

/// Lines as the terminal gives them. The channel ends with the input.
fn read_lines() -> io::Result<UnboundedReceiver<String>> {
    let (to, lines) = unbounded_channel();
    std::thread::Builder::new().name("lines".into()).spawn(move || {
        for line in stdin().lock().lines() {
            let Ok(line) = line else { break };
            if to.send(line).is_err() {
                break;
            }
        }
    })?;
    Ok(lines)
}

impl Plain {
    fn line(&mut self, line: String) -> anyhow::Result<()> {
        if !line.trim().is_empty() {
            self.event(Event::Line(line))?;
        }
        Ok(())
    }

    fn event(&mut self, event: Event) -> anyhow::Result<()> {
        let now = self.outside.now();
        for effect in self.app.update(event, now) {
            match effect {
                Effect::Link(order) => self.outside.order(order),
                Effect::Store(job) => self.outside.store(job),
                Effect::Call(choice) => {
                    self.app.open(&choice);
                    self.outside.call(&choice);
                }
                Effect::Ring(_) if self.has_bell => print!("\u{7}"),
                Effect::Quit => self.ends = true,
                // A terminal that only prints can do none of these.
                Effect::Ring(_)
                | Effect::Copy(_)
                | Effect::Open(_)
                | Effect::Theme(_)
                | Effect::Mouse(_)
                | Effect::Redraw
                | Effect::Suspend => {}
            }
        }
        Ok(())
    }

    /// Prints what is new, and the prompt again.
    fn print(&mut self) -> io::Result<()> {
        let mut lines = self.new_items();
        lines.extend(self.refusals());
        lines.extend(self.overlay());
        let link = self.link();
        if link != self.link {
            self.link.clone_from(&link);
            lines.push(format!("* {link}"));
        }
        let word = self.app.word.as_ref().map(|(word, _)| word.clone());
        if word != self.word {
            lines.extend(word.iter().map(|word| format!("* {}", drawable_line(word))));
            self.word = word;
        }
        if let Some(form) = self.app.form.take() {
            // Nobody can fill in a form here.
            if let crate::app::form::Check::Failed(reason) = form.check {
                lines.push(format!("! {}", drawable_line(&reason)));
            }
            self.ends = true;
        }
        if lines.is_empty() {
            return Ok(());
        }
        let mut out = stdout().lock();
        writeln!(out, "\r{}", lines.join("\n"))?;
        write!(out, "{}", self.app.prompt().trim_start())?;
        out.flush()
    }

    fn new_items(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        for conversation in &self.app.conversations {
            let name = conversation.partner.to_string();
            let blocks = self.app.blocks(conversation, SIZE.0);
            let (last, said) = self.printed.get(&name).cloned().unwrap_or((Place::TOP, String::new()));
            let items = conversation.timeline.items();
            let first = conversation.timeline.find(last);
            for item in items.range(first.min(items.len())..) {
                let Some(line) = blocks.spoken(item) else { continue };
                // A line that grows is said again; one that was said is not.
                if item.place == last && line == said {
                    continue;
                }
                self.printed.insert(name.clone(), (item.place, line.clone()));
                lines.push(format!("{} {line}", drawable_line(&name)));
            }
        }
        lines
    }

    /// Messages that are not stored and never will be.
    fn refusals(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        for message in self.app.outbox.messages() {
            if let Delivery::Refused(reason) = &message.delivery
                && self.refused.insert(message.send.id.clone())
            {
                let text = self.app.locale.with("not-sent", &[("reason", reason.as_str().into())]);
                lines.push(format!("! {text}"));
            }
        }
        lines
    }

    fn link(&self) -> String {
        let locale = &self.app.locale;
        match &self.app.link {
            Link::Up if self.app.ignoring => {
                format!("{}, {}", locale.text("link-up"), locale.text("badge-ignoring"))
            }
            Link::Up => locale.text("link-up"),
            Link::Idle | Link::Dialling | Link::Greeted => locale.text("link-dialling"),
            Link::Down { reason, .. } => drawable_line(reason),
        }
    }

    /// What would lie over the screen, as lines.
    fn overlay(&mut self) -> Vec<String> {
        match &self.app.overlay {
            Some(Overlay::Help(_)) => {
                self.app.overlay = None;
                let rows = COMMANDS.iter().filter(|command| !command.names.is_empty());
                rows.map(|row| format!("/{} {}: {}", row.names[0], row.arguments, self.app.locale.text(row.help)))
                    .collect()
            }
            Some(Overlay::Picker(picker)) if !picker.is_waiting => {
                let is_empty = picker.choices.is_empty();
                let lines: Vec<String> =
                    picker.choices.iter().map(|choice| format!("  {} {}", choice.name, choice.detail)).collect();
                let empty = if picker.list == List::Mentions { "mentions-none" } else { "nothing-found" };
                self.app.overlay = None;
                if is_empty { vec![self.app.locale.text(empty)] } else { lines }
            }
            Some(Overlay::Certificate(changed)) => self.app.certificate_rows(changed),
            Some(Overlay::Unsent) => vec![format!("? {}", self.app.unsent_question())],
            _ => Vec::new(),
        }
    }
}
