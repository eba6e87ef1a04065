//! Orders from outside of the sockets, and the certificate's files.

use super::Server;
use crate::{
    admin::{Answer, Command, Order},
    config::Config,
    hub::Millis,
    tls::{self, Certificate, Source, Written},
};
use shared::identity::Pin;
use std::collections::HashMap;
use tokio::sync::oneshot;

/// Between two looks at the certificate's files.
pub(super) const LOOK: Millis = 5_000;

/// What the loop knows beside its engine.
pub(crate) struct Desk {
    pub(super) config: Config,
    pub(super) certificate: Option<Certificate>,
    pub(super) addresses: Vec<String>,
    pub(super) started: Millis,
    /// When the certificate's files were written.
    written: Written,
    pub(super) look_at: Millis,
    waiting: HashMap<u64, oneshot::Sender<Answer>>,
    next: u64,
}

impl Desk {
    pub(crate) fn new(
        config: Config,
        certificate: Option<Certificate>,
        written: Written,
        addresses: Vec<String>,
        now: Millis,
    ) -> Self {
        let waiting = HashMap::new();
        Self { config, certificate, addresses, started: now, written, look_at: now + LOOK, waiting, next: 0 }
    }

    /// True if the certificate is the operator's, who may write a new one.
    pub(super) fn has_files(&self) -> bool {
        matches!(self.config.tls, Source::Files { .. })
    }
}

impl Server {
    pub(super) fn command(&mut self, (order, to): Command) {
        match order {
            Order::Status => {
                let mut status = self.engine.status();
                status.up_s = self.clock.now().mono.saturating_sub(self.desk.started) / 1_000;
                let _ = to.send(Answer { status: Some(status), ..Answer::default() });
            }
            Order::Reload => {
                let result = self.reload();
                let _ =
                    to.send(result.map_or_else(|error| Answer::refused(format!("{error:#}")), |()| Answer::done(0)));
            }
            order => {
                let ticket = self.desk.next;
                self.desk.next += 1;
                match self.engine.order(&order, ticket) {
                    Ok(()) => drop(self.desk.waiting.insert(ticket, to)),
                    Err(reason) => drop(to.send(Answer::refused(reason))),
                }
            }
        }
    }

    /// Answers those whose orders are done.
    pub(super) fn answer_done(&mut self) {
        for (ticket, entries) in self.engine.take_done() {
            let Some(to) = self.desk.waiting.remove(&ticket) else { continue };
            let alone = self.desk.certificate.as_ref().filter(|known| known.stands_alone);
            let pin = alone.map(|known| Pin::new(known.fingerprint).to_string());
            let addresses = self.desk.addresses.clone();
            let _ = to.send(match entries {
                Some(entries) => Answer { pin, addresses, ..Answer::done(entries) },
                None => Answer::refused("the journal has no room for it; nothing was stored"),
            });
        }
    }

    /// Reads the configuration again. What is wrong in it changes nothing.
    fn reload(&mut self) -> anyhow::Result<()> {
        let config = self.desk.config.reload()?;
        let written = tls::written(&config.tls);
        let certificate = tls::load(&config.tls, &config.data_dir)?;
        let places = |config: &Config| config.listen.iter().map(|listen| listen.address).collect::<Vec<_>>();
        let old = &self.desk.config;
        if places(old) != places(&config)
            || old.data_dir != config.data_dir
            || old.metrics != config.metrics
            || old.log != config.log
            || old.max_mib != config.max_mib
        {
            tracing::warn!("listen, data_dir, metrics, log and max_mib are only read at the start");
        }
        self.engine.configure(&config);
        self.desk.written = written;
        self.desk.config = config;
        self.take_certificate(certificate);
        tracing::info!("configuration_reloaded");
        Ok(())
    }

    fn take_certificate(&mut self, certificate: Option<Certificate>) {
        self.engine.set_tls(certificate.as_ref().map(|certificate| certificate.config.clone()));
        self.desk.certificate = certificate;
    }

    /// Takes a certificate whose files were written anew. One that can't be read changes nothing.
    pub(super) fn look_at_certificate(&mut self) {
        self.desk.look_at = self.clock.now().mono + LOOK;
        let now = tls::written(&self.desk.config.tls);
        if now == self.desk.written {
            return;
        }
        match tls::load(&self.desk.config.tls, &self.desk.config.data_dir) {
            Ok(certificate) => {
                self.desk.written = now;
                self.take_certificate(certificate);
                tracing::info!("certificate_reloaded");
            }
            // Both files are seldom written at once: it is looked at again.
            Err(error) => tracing::warn!(error = %format!("{error:#}"), "certificate_not_reloaded"),
        }
    }
}
