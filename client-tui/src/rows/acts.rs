//! Acts of moderation as sentences of the reader's language.

use crate::{locale::Locale, text::drawable_line};
use shared::{
    Entry, Kind,
    moderation::{Act, Action, Role},
};

/// What an entry of moderation says. One that this version does not know is shown as it is.
pub(super) fn act(locale: &Locale, entry: &Entry) -> String {
    let line = |text: Option<&str>| text.map(drawable_line).unwrap_or_default();
    let (who, text) = (line(entry.from.as_deref()), line(entry.msg.as_deref()));
    if entry.kind == Kind::Redact {
        return with_reason(locale, locale.with("act-redact", &[("who", who.into())]), &text);
    }
    let Some(act) = Act::parse(&text) else { return format!("{who}: {text}") };
    let whom = match &act.network {
        Some(network) => network.to_string(),
        None => line(entry.to.as_deref()),
    };
    let time = act.for_s.map(|seconds| length(locale, seconds)).unwrap_or_default();
    let key = match (act.action, act.for_s, act.role) {
        (Action::Slow, Some(0), _) => "act-slow-off".to_owned(),
        (Action::Grant, _, Some(Role::Owner)) => "act-grant-owner".to_owned(),
        (Action::Ban | Action::Mute, Some(_), _) => format!("act-{}-for", act.action.as_str()),
        (action, ..) => format!("act-{}", action.as_str()),
    };
    let place = if act.everywhere { locale.text("act-everywhere") } else { String::new() };
    let said = locale.with(&key, &[("who", who.into()), ("whom", whom.into()), ("time", time.into())]);
    with_reason(locale, said + &place, &act.reason)
}

fn with_reason(locale: &Locale, said: String, reason: &str) -> String {
    if reason.is_empty() {
        said
    } else {
        locale.with("act-reason", &[("act", said.into()), ("reason", drawable_line(reason).into())])
    }
}

/// A length of time in its largest whole unit.
fn length(locale: &Locale, seconds: u64) -> String {
    let units = [(86_400, "length-days"), (3_600, "length-hours"), (60, "length-minutes")];
    let found = units.into_iter().find(|(unit, _)| seconds >= *unit && seconds.is_multiple_of(*unit));
    let (unit, key) = found.unwrap_or((1, "length-seconds"));
    locale.with(key, &[("count", (seconds / unit).into())])
}
