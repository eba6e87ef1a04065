//! A restore that is killed at any moment: nothing is there then, or everything, and trying again works.

use super::people::{DATABASE, Place, everything, names, talked};
use crate::common::{
    DEADLINE,
    dice::{Dice, trials},
    process::Process,
};
use server::upkeep::{KEPT_FILES, backup, restore};
use std::{
    env,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const KILLS: usize = 25;
/// Where the process that is killed finds what to do.
const FROM: &str = "PARLOR_TEST_RESTORE_FROM";
const TO: &str = "PARLOR_TEST_RESTORE_TO";

/// Restores, and does nothing as a test of its own.
#[test]
fn a_restore_in_a_process_of_its_own() {
    if let (Some(from), Some(to)) = (env::var_os(FROM), env::var_os(TO)) {
        restore(Path::new(&from), Path::new(&to)).unwrap();
    }
}

/// A restore that has made its data directory just now.
fn begun(from: &Path, to: &Path) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "upkeep::interrupted::a_restore_in_a_process_of_its_own"]).env(FROM, from).env(TO, to);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let end = Instant::now() + DEADLINE;
    while !to.exists() {
        assert!(Instant::now() < end, "it does not begin");
        thread::yield_now();
    }
    child
}

#[test]
fn a_restore_that_is_killed_leaves_nothing_or_everything() {
    let place = Place::new();
    let data_dir = talked(&place, 40);
    let (from, truth) = (place.path("backup"), everything(&data_dir).unwrap());
    backup(&data_dir, &from).unwrap();
    let usual = {
        let to = place.path("data whole");
        let mut child = begun(&from, &to);
        let began = Instant::now();
        assert!(child.wait().unwrap().success());
        began.elapsed()
    };

    let (mut dice, mut unfinished) = (Dice::of_this_run(1), 0);
    for kill in 0..trials(KILLS) {
        let to = place.path(&format!("data {kill}"));
        let mut child = begun(&from, &to);
        thread::sleep(dice.while_below(usual + Duration::from_millis(2)));
        child.kill().unwrap();
        child.wait().unwrap();
        if !to.join(DATABASE).exists() {
            unfinished += 1;
            let allowed: Vec<_> = ["lock", ".restore"].into_iter().chain(KEPT_FILES).collect();
            assert!(names(&to).iter().all(|name| allowed.contains(&name.as_str())), "{:?}", names(&to));
            restore(&from, &to).unwrap();
            assert!(!names(&to).contains(&".restore".to_owned()));
        }
        assert_eq!(everything(&to).unwrap(), truth);
        assert!(KEPT_FILES.iter().all(|name| to.join(name).exists()));
        let Ok(server) = Process::start(&to, |_| {}) else { panic!("it does not start") };
        assert_eq!(server.terminate().code, Some(0));
    }
    assert!(unfinished > 0, "some were not finished");
}
