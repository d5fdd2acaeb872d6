use super::*;
use crate::scratch::Scratch;

fn owner() -> Owner {
    Owner::Ourselves {
        uid: crate::system::effective_uid(),
    }
}

#[test]
fn the_longest_path_that_fits_stays_below_the_root() {
    let rest = "/socket/.s.PGSQL.5432".len();
    let fits = PathBuf::from(format!("/{}", "r".repeat(PATH_BYTES_MAX - rest - 1)));
    assert_eq!(directory(&fits, &owner()), fits.join("socket"));
    assert_eq!(
        path_in(&fits.join("socket")).as_os_str().len(),
        PATH_BYTES_MAX
    );

    let longer = PathBuf::from(format!("{}r", fits.display()));
    let short = directory(&longer, &owner());
    assert_eq!(short.parent(), Some(Path::new(SHORT_DIR)));
    assert_ne!(
        short,
        directory(&PathBuf::from(format!("{}q", fits.display())), &owner())
    );
}

#[test]
fn a_comma_which_libpq_takes_for_two_hosts_is_avoided() {
    assert!(directory(Path::new("/a,b"), &owner()).starts_with(SHORT_DIR));
}

#[test]
fn addresses_escape_what_their_syntax_would_eat() {
    assert_eq!(
        url("a b", Path::new("/d/x+y, z&host=/e/ü"), 5433),
        "postgres:///a%20b?host=/d/x%2By%2C%20z%26host%3D/e/%C3%BC&user=app&port=5433"
    );
}

#[test]
fn a_directory_is_one_element_of_the_setting() {
    assert_eq!(quoted(Path::new("/a, b/\"c")), "\"/a, b/\"\"c\"");
}

#[test]
fn the_directory_is_closed_to_others_also_when_it_was_open() {
    let scratch = Scratch::new();
    let dir = scratch.path().join("socket");
    for _ in 0..2 {
        prepare(&dir, &owner()).expect("our own directory");
        assert_eq!(fs::metadata(&dir).expect("made").mode() & 0o777, 0o700);
        fs::set_permissions(&dir, Permissions::from_mode(0o755)).expect("our own directory");
    }
}

#[test]
fn a_directory_made_by_somebody_else_is_refused() {
    let scratch = Scratch::new();
    let stranger = Owner::Ourselves {
        uid: owner().uid() + 1,
    };
    let error = prepare(scratch.path(), &stranger).expect_err("it is ours, not the stranger's");
    assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);

    let link = scratch.path().join("link");
    std::os::unix::fs::symlink(scratch.path(), &link).expect("a link");
    prepare(&link, &owner()).expect_err("a link is not a directory");
}
