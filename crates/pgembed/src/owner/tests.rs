use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::scratch::Scratch;

const NOBODY: &str = "nobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin\n";

#[test]
fn root_lends_postgres_and_else_nobody() {
    let both = format!("root:x:0:0::/root:/bin/sh\n{NOBODY}postgres:x:101:104:,,,:/v:/bin/bash\n");
    assert_eq!(lend(&both), Some(Account { uid: 101, gid: 104 }));
    assert_eq!(
        lend(NOBODY),
        Some(Account {
            uid: 65534,
            gid: 65533
        })
    );
    assert_eq!(lend("root:x:0:0::/root:/bin/sh\nbroken line\n"), None);
}

#[test]
fn a_closed_directory_on_the_way_blocks_an_account_and_not_its_owner() {
    let scratch = Scratch::new();
    let file = scratch.file("closed/inner/file", "");
    let closed = scratch.path().join("closed");
    fs::set_permissions(&closed, Permissions::from_mode(0o700)).expect("our own directory");
    let found = fs::metadata(&closed).expect("it exists");
    let stranger = Owner::Account(Account {
        uid: found.uid() + 1,
        gid: found.gid() + 1,
    });
    assert_eq!(
        stranger.blocked_at(file.parent().expect("a parent")),
        Some(closed.clone())
    );
    let same = Owner::Account(Account {
        uid: found.uid(),
        gid: found.gid() + 1,
    });
    assert_eq!(same.blocked_at(file.parent().expect("a parent")), None);
}

#[test]
fn a_part_of_the_path_that_does_not_exist_yet_blocks_nobody() {
    let scratch = Scratch::new();
    let found = fs::metadata(scratch.path()).expect("it exists");
    let stranger = Owner::Account(Account {
        uid: found.uid() + 1,
        gid: found.gid() + 1,
    });
    assert_eq!(
        stranger.blocked_at(&scratch.path().join("later/still")),
        None
    );
}

#[test]
fn data_of_the_super_user_cannot_be_served() {
    let scratch = Scratch::new();
    let owner = Owner::choose(scratch.path());
    match system::effective_uid() {
        0 => assert!(
            matches!(owner, Err(OwnerError::Foreign { uid: 0, .. })),
            "{owner:?}"
        ),
        uid => assert_eq!(owner.expect("our own directory"), Owner::Ourselves { uid }),
    }
}

#[test]
fn commands_inherit_nothing_from_our_environment() {
    let owner = Owner::choose(Path::new("/no/such/data")).expect("somebody");
    let output = owner
        .command(Path::new("/usr/bin/env"))
        .output()
        .expect("env exists");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "LC_ALL=C\n");
}
