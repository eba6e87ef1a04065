//! What lies outside of the app but for the terminal: the link, the store and the clock. Real ones, or the demo's.

mod demo;
mod real;

pub(crate) use demo::Demo;
pub(crate) use real::Real;

use crate::{
    app::{Event, Now, form::Choice},
    link::Order,
    store::Job,
};
use std::time::Instant;

/// What lies outside.
pub(crate) enum Outside {
    /// A server, a disk, the time of day.
    Real(Real),
    /// A scripted world.
    Demo(Box<Demo>),
}

impl Outside {
    /// What time it is.
    pub(crate) fn now(&self) -> Now {
        match self {
            Self::Real(real) => real.now(),
            Self::Demo(demo) => demo.now(),
        }
    }

    /// When it will be that time of the clock that only goes forward.
    pub(crate) fn instant(&self, mono: u64) -> Instant {
        match self {
            Self::Real(real) => real.instant(mono),
            Self::Demo(demo) => demo.instant(mono),
        }
    }

    /// Hands a job to the store.
    pub(crate) fn store(&mut self, job: Job) {
        match self {
            Self::Real(real) => real.store(job),
            Self::Demo(demo) => demo.store(job),
        }
    }

    /// Tells the link.
    pub(crate) fn order(&mut self, order: Order) {
        match self {
            Self::Real(real) => real.order(order),
            Self::Demo(demo) => demo.order(order),
        }
    }

    /// Calls whom a choice names. What is kept of it, and what comes of it, are events.
    pub(crate) fn call(&mut self, choice: &Choice) {
        match self {
            Self::Real(real) => real.call(choice),
            Self::Demo(demo) => demo.call(),
        }
    }

    /// The next event. May be dropped while it waits.
    pub(crate) async fn next(&mut self) -> Event {
        match self {
            Self::Real(real) => real.next().await,
            Self::Demo(demo) => demo.next().await,
        }
    }

    /// An event that is there already.
    pub(crate) fn try_next(&mut self) -> Option<Event> {
        match self {
            Self::Real(real) => real.try_next(),
            Self::Demo(demo) => demo.try_next(),
        }
    }

    /// Says goodbye to the server, and writes what is not on disk yet.
    pub(crate) async fn end(self) {
        if let Self::Real(real) = self {
            real.end().await;
        }
    }
}
