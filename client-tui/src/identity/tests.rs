use super::*;
use std::os::unix::fs::PermissionsExt;

fn secret(byte: u8) -> Secret {
    Secret::new([byte; KEY_BYTES])
}

fn public(secret: &Secret) -> String {
    Identity::from_secret(secret).public().to_string()
}

/// Every file of a directory with what it holds.
fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    let mut files: Vec<_> =
        entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect();
    files.sort();
    files
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn the_key_is_made_once_and_is_private() {
    let directory = tempfile::tempdir().unwrap();
    let first = load_or_create(directory.path()).unwrap();
    let second = load_or_create(directory.path()).unwrap();
    assert_eq!(first.public(), second.public());
    assert_eq!(mode(&directory.path().join(FILE)), 0o600);
    assert_eq!(files(directory.path()).len(), 1, "nothing is left behind");
}

#[test]
fn a_damaged_key_is_no_key_and_stays_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(FILE);
    let short = format!("{HEAD}{}", "0".repeat(63));
    let signed = format!("{HEAD}+1{}", "0".repeat(62));
    let long = format!("{HEAD}{}", "0".repeat(66));
    for text in
        ["nonsense".as_bytes(), b"", b"parlor-key-v1 \xff", short.as_bytes(), signed.as_bytes(), long.as_bytes()]
    {
        fs::write(&path, text).unwrap();
        assert!(format!("{:#}", load_or_create(directory.path()).unwrap_err()).contains("damaged"));
        assert_eq!(files(directory.path()), [(FILE.to_owned(), text.to_owned())]);
    }
}

#[test]
fn a_key_is_put_where_there_is_none_and_may_be_put_again() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(put(directory.path(), &secret(1), false).unwrap(), Put::New);
    let first = files(directory.path());
    assert_eq!(mode(&directory.path().join(FILE)), 0o600);
    assert_eq!(put(directory.path(), &secret(1), false).unwrap(), Put::Same);
    assert_eq!(put(directory.path(), &secret(1), true).unwrap(), Put::Same);
    assert_eq!(files(directory.path()), first);
    assert_eq!(load_or_create(directory.path()).unwrap().public().to_string(), public(&secret(1)));
}

#[test]
fn another_key_gives_way_only_if_that_is_wanted() {
    let directory = tempfile::tempdir().unwrap();
    put(directory.path(), &secret(1), false).unwrap();
    let before = files(directory.path());
    let said = put(directory.path(), &secret(2), false).unwrap_err().to_string();
    assert!(said.contains(&public(&secret(1))) && said.contains("--replace"), "{said}");
    assert_eq!(files(directory.path()), before);

    let kept = directory.path().join(format!("key.old-{}", &public(&secret(1))[..8]));
    assert_eq!(put(directory.path(), &secret(2), true).unwrap(), Put::Replaced(kept.clone()));
    assert_eq!(fs::read(&kept).unwrap(), before[0].1);
    assert_eq!((mode(&kept), mode(&directory.path().join(FILE))), (0o600, 0o600));
    assert_eq!(load(directory.path()).unwrap(), Some(secret(2)));
    // There and back again: each of the two is kept once.
    for byte in [1, 2, 1] {
        assert!(matches!(put(directory.path(), &secret(byte), true).unwrap(), Put::Replaced(_)));
    }
    assert_eq!(files(directory.path()).len(), 3);
}

#[test]
fn nothing_is_kept_over_something_else() {
    let directory = tempfile::tempdir().unwrap();
    put(directory.path(), &secret(1), false).unwrap();
    fs::write(directory.path().join(format!("key.old-{}", &public(&secret(1))[..8])), "a shopping list").unwrap();
    let before = files(directory.path());
    let said = put(directory.path(), &secret(2), true).unwrap_err().to_string();
    assert!(said.contains("holds something else"), "{said}");
    assert_eq!(files(directory.path()), before);
}

#[test]
fn a_damaged_key_is_kept_too() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join(FILE), "parlor-key-v1 0").unwrap();
    assert!(put(directory.path(), &secret(2), false).unwrap_err().to_string().contains("damaged"));
    put(directory.path(), &secret(2), true).unwrap();
    assert_eq!(fs::read(directory.path().join("key.old-damaged")).unwrap(), b"parlor-key-v1 0");
    assert_eq!(load(directory.path()).unwrap(), Some(secret(2)));
}
