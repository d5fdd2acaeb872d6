use super::*;

const LOOK: Look = Look {
    width: 60,
    glyphs: Glyphs::Unicode,
    ink: Ink::Plain,
};

#[test]
fn numbers_are_tied_to_their_units() {
    assert_eq!(span(46), "46\u{a0}min");
    assert_eq!(span(65), "1\u{a0}h\u{a0}05\u{a0}min");
    assert_eq!(span(44_640), "31\u{a0}d");
    assert_eq!(counted(1, "minute"), "1\u{a0}minute");
    assert_eq!(counted(2_000, "business day"), "2,000\u{a0}business days");
}

#[test]
fn words_that_are_tied_stay_on_one_line() {
    assert_eq!(wrap("a bb ccc", 4), ["a bb", "ccc"]);
    assert_eq!(wrap("aaa 99\u{a0}%", 5), ["aaa", "99\u{a0}%"]);
    assert_eq!(wrap("toolongaword b", 4), ["toolongaword", "b"]);
}

#[test]
fn a_page_hangs_its_labels_and_wraps_behind_them() {
    let mut page = Page::new(LOOK);
    page.title("Title");
    page.labelled("label", 10, &"word ".repeat(12));
    page.bullet(2, "entry");
    insta::assert_snapshot!(page.finish(), @"
    Title
    ─────
      label   word word word word word word word word word word
              word word
      • entry
    ");
}

#[test]
fn a_table_wraps_its_last_column_and_drops_silent_ones() {
    let mut table = Table::new([
        ("n", Align::Right),
        ("nothing", Align::Left),
        ("what", Align::Left),
    ]);
    table.row(["1".into(), String::new(), "word ".repeat(14)]);
    table.row(["20".into(), String::new(), "short".into()]);
    let mut page = Page::new(LOOK);
    page.table(2, &table);
    insta::assert_snapshot!(page.finish(), @"
       n  what
       1  word word word word word word word word word word word
          word word word
      20  short
    ");
}

#[test]
fn colours_are_for_terminals_only() {
    let colour = Look {
        ink: Ink::Colour,
        ..LOOK
    };
    assert_eq!(LOOK.paint(Tone::Bad, "x"), "x");
    assert_eq!(colour.paint(Tone::Bad, "x"), "\u{1b}[1;31mx\u{1b}[0m");
}

#[test]
fn text_from_outside_cannot_steer_a_terminal() {
    assert_eq!(plain("a\u{1b}[2Jb"), "a\u{fffd}[2Jb");
}
