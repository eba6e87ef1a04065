//! What the subcommands do.

use super::{Admin, Cli, Command, Export, Invite, Sanction, manual, moderation_log};
use crate::{
    Config,
    admin::{Answer, Order, Status, order},
    config::Overrides,
    upkeep::{self, What},
};
use anyhow::{Context, bail};
use clap::CommandFactory;
use qrcode::{QrCode, render::unicode::Dense1x2};
use shared::{
    Address, Nickname,
    identity::{Pin, base64url},
};
use std::{
    io::{IsTerminal, Write, stdout},
    net::SocketAddr,
};

/// Does what a subcommand says.
pub fn run(command: Command, overrides: Overrides) -> anyhow::Result<()> {
    match &command {
        Command::Completions { shell } => return Ok(manual::completions(Cli::command(), *shell, &mut stdout())?),
        Command::Man { directory } => return Ok(manual::pages(Cli::command(), directory)?),
        _ => {}
    }
    let config = Config::load(overrides)?;
    let tell = |order: &Order| order_done(&config, order);
    match command {
        Command::CheckConfig => check(&config),
        Command::Status { json } => status(&config, json),
        Command::Invite(wanted) => invite(&config, wanted),
        Command::Uninvite { link } => tell(&Order::Uninvite { token: token_of(&link)? }),
        Command::Admin(admin) => tell(&order_of(admin)?),
        Command::ModerationLog { json, last } => {
            moderation_log::print(&config.data_dir, json, last, &mut stdout().lock())
        }
        Command::Backup { file } => said("backed up", &upkeep::backup(&config.data_dir, &file)?),
        Command::Restore { file } => said("restored", &upkeep::restore(&file, &config.data_dir)?),
        Command::Verify { file } => said("whole", &upkeep::verify(file.as_deref().unwrap_or(&config.data_dir))?),
        Command::Export(export) => print_export(&config, export),
        Command::Erase { person, release } => erase(&config, &person, release),
        Command::Retention => {
            let entries = repeat(&config, &Order::Retention)?;
            compact(&config, &format!("{entries} entries let go"))
        }
        Command::Reload => tell(&Order::Reload),
        Command::Completions { .. } | Command::Man { .. } => Ok(()),
    }
}

/// Prints a line. A reader that has gone is an error, no panic.
fn say(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(stdout().lock(), "{text}")?)
}

fn said(what: &str, report: &upkeep::Report) -> anyhow::Result<()> {
    say(&format!("{what}: {report}"))
}

fn order_done(config: &Config, wanted: &Order) -> anyhow::Result<()> {
    order(&config.data_dir, wanted)?;
    say("done")
}

fn check(config: &Config) -> anyhow::Result<()> {
    if let crate::tls::Source::Files { .. } = config.tls {
        crate::tls::load(&config.tls, &config.data_dir)?;
    }
    if let Some(address) = config.unserved() {
        say(&format!("warning: {address} is reached by other machines, and neither tls nor allow_plain lets them in"))?;
    }
    say("the configuration is right")
}

fn status(config: &Config, json: bool) -> anyhow::Result<()> {
    let status = order(&config.data_dir, &Order::Status)?.status.context("the server did not say")?;
    if json {
        return say(&serde_json::to_string(&status)?);
    }
    let Status { version, up_s, connections, tls, people, claims, rooms, sanctions, .. } = &status;
    say(&format!("parlor-server {version}, up for {up_s} s"))?;
    say(&format!(
        "{connections} connections ({tls} with TLS), {people} people, {claims} claimed nicknames, {rooms} rooms"
    ))?;
    say(&format!("{sanctions} bans and mutes, alert: {}", level_name(status.alert)))?;
    say(&format!(
        "since the start: {} connections, {} refused, {} logins, {} failed, {} entries, {} requests slowed down",
        status.accepted_total,
        status.refused_total,
        status.logins_total,
        status.failed_logins_total,
        status.entries_total,
        status.slowed_total
    ))
}

fn level_name(level: u8) -> &'static str {
    ["calm", "no new names", "no new addresses", "read-only"].get(usize::from(level)).copied().unwrap_or("unknown")
}

fn invite(config: &Config, wanted: Invite) -> anyhow::Result<()> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| anyhow::anyhow!("the system has no random bytes: {error}"))?;
    let token = base64url(&random);
    let room = wanted.room.parse::<super::RoomArgument>().map_err(anyhow::Error::msg)?.0;
    let for_s = if wanted.expires == "0" { None } else { Some(seconds(&wanted.expires)?) };
    let uses = Some(wanted.uses).filter(|uses| *uses > 0);
    let answer = order(
        &config.data_dir,
        &Order::Invite { token: token.clone(), room: Some(room.clone()), for_s, uses, note: wanted.note },
    )?;
    let (host, port) = place(config, wanted.host, &answer)?;
    let link = Address {
        room: Some(room),
        pin: answer.pin.as_deref().and_then(Pin::parse),
        invite: Some(token.as_str().into()),
        ..Address::new(host, port)
    };
    let link = link.link();
    say(&link)?;
    if !wanted.plain && stdout().is_terminal() {
        let picture = QrCode::new(&link)?.render::<Dense1x2>().quiet_zone(true).build();
        // Black on white, whatever the terminal's own colours are: not every camera reads it the other way round.
        let rows = picture.lines().map(|row| format!("\x1b[38;5;16;48;5;231m{row}\x1b[0m"));
        say(&rows.collect::<Vec<_>>().join("\n"))?;
    }
    Ok(())
}

/// What others call this machine, and the port that they reach.
fn place(config: &Config, wanted: Option<String>, answer: &Answer) -> anyhow::Result<(String, u16)> {
    let addresses: Vec<SocketAddr> = answer.addresses.iter().filter_map(|text| text.parse().ok()).collect();
    let beyond = addresses.iter().find(|address| !address.ip().is_loopback());
    let first = beyond.or(addresses.first()).context("the server listens nowhere")?;
    let named = wanted.or_else(|| config.name.clone());
    let host = match named {
        Some(name) => name,
        None if first.ip().is_unspecified() => crate::own_address(*first).to_string(),
        None => first.ip().to_string(),
    };
    // A name may have a port of its own, where something stands before the server.
    let address = Address::parse(&host).with_context(|| format!("{host:?} is no host"))?;
    let has_port = host.rsplit_once(':').is_some_and(|(before, _)| !before.contains(':') || before.ends_with(']'));
    Ok((address.host, if has_port { address.port } else { first.port() }))
}

fn token_of(link: &str) -> anyhow::Result<String> {
    if !link.starts_with("parlor://") {
        return Ok(link.to_owned());
    }
    let invite = Address::parse(link)?.invite;
    invite.map(String::from).context("that link has no invite")
}

fn order_of(admin: Admin) -> anyhow::Result<Order> {
    let time = |time: Option<String>| time.as_deref().map(seconds).transpose();
    Ok(match admin {
        Admin::Grant { who } => Order::Grant { who },
        Admin::Revoke { who } => Order::Revoke { who },
        Admin::Kick { who, reason } => Order::Kick { who, reason },
        Admin::Ban(Sanction { who, time: length, reason }) => Order::Ban { who, for_s: time(length)?, reason },
        Admin::Unban { who } => Order::Unban { who },
        Admin::Mute(Sanction { who, time: length, reason }) => Order::Mute { who, for_s: time(length)?, reason },
        Admin::Unmute { who } => Order::Unmute { who },
        // They stand in their order.
        Admin::Alert { level } => Order::Alert { level: level as u8 },
        Admin::Release { nickname } => Order::Release { nickname: nickname.to_string() },
    })
}

/// A length of time as people write it.
fn seconds(text: &str) -> anyhow::Result<u64> {
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 86_400,
        _ => bail!("{text:?} is no length of time; one looks like 30m, 12h or 7d"),
    };
    let count: u64 = text[..text.len() - 1].parse().with_context(|| format!("{text:?} is no length of time"))?;
    count.checked_mul(unit).with_context(|| format!("{text:?} is too long"))
}

fn print_export(config: &Config, export: Export) -> anyhow::Result<()> {
    let what = match (export.room, export.person) {
        (Some(room), _) => What::Room(room.0),
        (None, Some(person)) => What::Person(person),
        (None, None) => bail!("name a room or a person"),
    };
    upkeep::export(&config.data_dir, what, &mut stdout().lock())
}

/// Gives an order until it finds nothing more to do; how many entries it has touched in all.
fn repeat(config: &Config, wanted: &Order) -> anyhow::Result<u64> {
    let mut sum = 0;
    loop {
        match order(&config.data_dir, wanted)?.entries {
            0 => return Ok(sum),
            entries => sum += entries,
        }
    }
}

fn erase(config: &Config, person: &Nickname, release: bool) -> anyhow::Result<()> {
    let nickname = person.to_string();
    let entries = repeat(config, &Order::Erase { nickname: nickname.clone() })?;
    if release {
        order(&config.data_dir, &Order::Release { nickname })?;
    }
    compact(config, &format!("{entries} texts taken out"))
}

/// Gives space back, and says how much.
fn compact(config: &Config, what: &str) -> anyhow::Result<()> {
    let size = || -> u64 {
        let files = ["journal.sqlite3", "journal.sqlite3-wal"].map(|name| config.data_dir.join(name));
        files.iter().filter_map(|file| std::fs::metadata(file).ok()).map(|file| file.len()).sum()
    };
    let before = size();
    order(&config.data_dir, &Order::Compact)?;
    say(&format!("{what}; {} KiB given back", before.saturating_sub(size()) >> 10))
}
