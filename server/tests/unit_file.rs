//! The units of `assets` are what systemd takes: it looks through them itself, where it is installed.

use std::{fs, path::Path, process::Command};

#[test]
fn systemd_takes_the_units() {
    if let Err(error) = Command::new("systemd-analyze").arg("--version").output() {
        println!("skipped: systemd-analyze can't be run: {error}");
        return;
    }
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets");
    let directory = tempfile::tempdir().unwrap();
    let units = ["parlor-server.service", "parlor-server.socket"].map(|name| {
        let text = fs::read_to_string(assets.join(name)).unwrap();
        // Here it is not installed yet.
        let text = text.replace("/usr/local/bin/parlor-server", env!("CARGO_BIN_EXE_parlor-server"));
        let unit = directory.path().join(name);
        fs::write(&unit, text).unwrap();
        unit
    });
    let looked = Command::new("systemd-analyze").args(["verify", "--man=no"]).args(units).output().unwrap();
    let said = String::from_utf8_lossy(&looked.stderr);
    assert!(looked.status.success() && !said.contains("parlor-server"), "{said}");
}

#[test]
fn the_service_starts_the_server_with_arguments_that_it_knows() {
    use clap::Parser;
    let unit =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/parlor-server.service")).unwrap();
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let cli = server::cli::Cli::try_parse_from(start.split(' ')).unwrap();
    assert!(cli.command.is_none() && cli.serve.place.config.is_some() && cli.serve.place.data_dir.is_some());
}
