//! Pages of the journal in memory.

use super::disk::{Disk, Log};
use server::{
    ids::LogId,
    journal::{
        HistoryQuery, SearchQuery,
        search_text::{Position, Words},
    },
};
use shared::{
    Entry, Event, LogName, Seq,
    event::{History, Message, Search},
    request::Place,
};

impl Disk {
    fn kept(&self, log: LogId, first: Seq, head: Seq) -> Vec<&Entry> {
        let entries = self.logs.get(&log).into_iter().flat_map(Log::entries);
        entries.filter(|entry| (first..=head).contains(&entry.seq)).collect()
    }

    pub(crate) fn history(&self, query: &HistoryQuery) -> Event {
        let limit = usize::try_from(query.limit).unwrap();
        let kept = self.kept(query.log, query.first, query.head).into_iter().cloned();
        let mut entries: Vec<Entry> = match query.place {
            Place::Newest => kept.collect(),
            Place::Before(seq) => kept.filter(|entry| entry.seq < seq).collect(),
            Place::After(seq) => kept.filter(|entry| entry.seq > seq).collect(),
            Place::At(at) => kept.filter(|entry| entry.at >= at).collect(),
        };
        let more = entries.len() > limit;
        if matches!(query.place, Place::After(_) | Place::At(_)) {
            entries.truncate(limit);
        } else {
            entries.drain(..entries.len().saturating_sub(limit));
        }
        Event::History(History { room: query.room.clone(), epoch: query.epoch.clone(), entries, more })
    }

    pub(crate) fn search(&self, query: &SearchQuery) -> Event {
        let words = Words::parse(query.text.as_str());
        let position =
            |room: &LogName, entry: &Entry| Position { at: entry.at, room: room.as_str().into(), seq: entry.seq };
        let mut hits: Vec<(Position, Message)> = Vec::new();
        for (log, room, first, head) in &query.logs {
            for entry in self.kept(*log, *first, *head) {
                let at = position(room, entry);
                let is_behind = query.from.as_ref().is_none_or(|from| at < *from);
                if is_behind && entry.msg.as_ref().is_some_and(|msg| words.match_text(msg)) {
                    hits.push((at, Message { room: room.clone(), entry: entry.clone() }));
                }
            }
        }
        hits.sort_by(|(a, _), (b, _)| b.cmp(a));
        let limit = usize::try_from(query.limit).unwrap();
        let next = (hits.len() > limit).then(|| hits[limit - 1].0.encode());
        hits.truncate(limit);
        Event::Search(Search { entries: hits.into_iter().map(|(_, message)| message).collect(), next })
    }
}
