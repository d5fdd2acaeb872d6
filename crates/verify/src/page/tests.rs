mod hostile;
mod scene;
mod sections;
mod shape;

use std::sync::LazyLock;

use scene::{Scene, Script};

/// The month of the usual script: playing it takes seconds.
static MONTH: LazyLock<(Scene, String)> = LazyLock::new(|| {
    let scene = Scene::play(&Script::default());
    let page = scene.page();
    (scene, page)
});

/// The text of a page without its markup, every run of white space one space.
fn text_of(page: &str) -> String {
    let (_, body) = page.split_once("<body>").unwrap();
    let mut text = String::new();
    let mut inside = false;
    for c in body.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                text.push(' ');
            }
            '\u{a0}' if !inside => text.push(' '),
            c if !inside => text.push(c),
            _ => {}
        }
    }
    let entities = [
        ("&quot;", "\""),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ];
    let text = entities
        .iter()
        .fold(text, |text, (entity, plain)| text.replace(entity, plain));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn says(page: &str, sentences: &[&str]) {
    let text = text_of(page);
    for sentence in sentences {
        assert!(text.contains(sentence), "nowhere: {sentence}");
    }
}
