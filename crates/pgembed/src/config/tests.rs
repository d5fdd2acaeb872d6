use super::*;

fn places<'a>(xdg: Option<&'a str>, home: Option<&'a str>) -> Places<'a> {
    Places {
        xdg_data_home: xdg.map(OsStr::new),
        home: home.map(OsStr::new),
        temp: Path::new("/tmp"),
    }
}

#[track_caller]
fn check(uid: u32, service_data: &str, places: &Places<'_>, expected: &str) {
    assert_eq!(
        root_for(uid, Path::new(service_data), "nines", places),
        Path::new(expected)
    );
}

#[test]
fn root_has_the_place_of_services_and_else_a_temporary_one() {
    let places = places(Some("/admin/.data"), Some("/admin"));
    check(0, "/usr", &places, "/usr/nines");
    check(0, "/no/such/place", &places, "/tmp/nines-0");
}

#[test]
fn others_have_their_data_home() {
    check(7, "/usr", &places(Some("/d"), Some("/home/u")), "/d/nines");
    check(
        7,
        "/usr",
        &places(None, Some("/home/u")),
        "/home/u/.local/share/nines",
    );
    check(7, "/usr", &places(None, None), "/tmp/nines-7");
}

#[test]
fn a_relative_data_home_is_ignored() {
    check(
        7,
        "/usr",
        &places(Some("d"), Some("/home/u")),
        "/home/u/.local/share/nines",
    );
    check(7, "/usr", &places(Some(""), Some("")), "/tmp/nines-7");
}
