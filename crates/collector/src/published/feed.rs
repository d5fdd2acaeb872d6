//! RSS 2.0: the items of a feed, as far as they are read here.
//!
//! Invariants: a document with a document type is refused, so that there is nothing to expand but
//! the five names of XML and numbers of characters; items, nesting and texts are bounded; what is
//! cut off or has no channel is no feed. Non-goals: Atom, and what descriptions say.

use chrono::{DateTime, Utc};
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, Event};

use super::INCIDENTS_MAX;

/// How deep elements may stand in each other.
const DEPTH_MAX: usize = 32;
/// As much of a text as is read, bytes.
const FIELD_BYTES_MAX: usize = 2_000;
/// The most categories of an item that are read.
const CATEGORIES_MAX: usize = 20;
/// The mark that may stand before a document in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Why bytes are no feed; what is shown as the reason that a page is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FeedError {
    #[error("the feed is not UTF-8")]
    Encoding,
    #[error("the feed is no XML, or cut off")]
    Malformed,
    #[error("the feed has a document type, which is refused")]
    DocumentType,
    #[error("the feed is nested too deeply")]
    Depth,
    #[error("the answer is no RSS feed")]
    Shape,
}

/// One item. Texts are as they stand, up to a bound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) title: String,
    pub(super) guid: String,
    pub(super) link: String,
    pub(super) categories: Vec<String>,
    /// When it was published or changed, as it says.
    pub(super) at: Option<DateTime<Utc>>,
}

/// What an open element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tag {
    Rss,
    Channel,
    /// The channel's title: without it, this is no feed.
    Heading,
    Item,
    Title,
    Guid,
    Link,
    Category,
    Date,
    Other,
}

/// How far a feed was read.
#[derive(Default)]
struct Progress {
    open: Vec<Tag>,
    /// Text of the innermost element.
    text: String,
    item: Item,
    items: Vec<Item>,
    has_heading: bool,
}

/// The first items of a feed, in its order.
pub(super) fn read(body: &[u8]) -> Result<Vec<Item>, FeedError> {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    let text = std::str::from_utf8(body).map_err(|_| FeedError::Encoding)?;
    let mut reader = Reader::from_str(text);
    let mut progress = Progress::default();
    loop {
        match reader.read_event().map_err(|_| FeedError::Malformed)? {
            Event::Start(tag) => progress.open(tag.name().as_ref())?,
            Event::End(_) => progress.close(),
            Event::Text(text) => {
                let text = text.decode().map_err(|_| FeedError::Encoding)?;
                progress.add(&text);
            }
            Event::CData(text) => {
                let text = text.decode().map_err(|_| FeedError::Encoding)?;
                progress.add(&text);
            }
            Event::GeneralRef(name) => progress.add_ref(&name),
            Event::DocType(_) => return Err(FeedError::DocumentType),
            Event::Empty(_) | Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
            Event::Eof => return progress.done(),
        }
    }
}

impl Progress {
    fn open(&mut self, name: &[u8]) -> Result<(), FeedError> {
        if self.open.len() == DEPTH_MAX {
            return Err(FeedError::Depth);
        }
        let tag = match (self.open.last(), name) {
            (None, b"rss") => Tag::Rss,
            (Some(Tag::Rss), b"channel") => Tag::Channel,
            (Some(Tag::Channel), b"title") => Tag::Heading,
            (Some(Tag::Channel), b"item") => Tag::Item,
            (Some(Tag::Item), b"title") => Tag::Title,
            (Some(Tag::Item), b"guid") => Tag::Guid,
            (Some(Tag::Item), b"link") => Tag::Link,
            (Some(Tag::Item), b"category") => Tag::Category,
            (Some(Tag::Item), b"pubDate") => Tag::Date,
            _ => Tag::Other,
        };
        self.text.clear();
        self.open.push(tag);
        Ok(())
    }

    fn close(&mut self) {
        let text = std::mem::take(&mut self.text);
        let text = text.trim();
        let item = &mut self.item;
        match self.open.pop() {
            Some(Tag::Heading) => self.has_heading |= !text.is_empty(),
            Some(Tag::Title) => text.clone_into(&mut item.title),
            Some(Tag::Guid) => text.clone_into(&mut item.guid),
            Some(Tag::Link) => text.clone_into(&mut item.link),
            Some(Tag::Date) => item.at = time(text),
            Some(Tag::Category) if item.categories.len() < CATEGORIES_MAX => {
                item.categories.push(text.to_owned());
            }
            Some(Tag::Item) => {
                let item = std::mem::take(item);
                if self.items.len() < INCIDENTS_MAX {
                    self.items.push(item);
                }
            }
            _ => {}
        }
    }

    /// As much of a text as there is room for.
    fn add(&mut self, text: &str) {
        let room = FIELD_BYTES_MAX.saturating_sub(self.text.len());
        let end = text.floor_char_boundary(room);
        self.text.push_str(text.get(..end).unwrap_or_default());
    }

    /// One character; a name that XML itself does not know stands for a space.
    fn add_ref(&mut self, name: &BytesRef<'_>) {
        if let Ok(Some(one)) = name.resolve_char_ref() {
            self.add(one.encode_utf8(&mut [0; 4]));
            return;
        }
        let name = name.decode().unwrap_or_default();
        self.add(resolve_predefined_entity(&name).unwrap_or(" "));
    }

    fn done(self) -> Result<Vec<Item>, FeedError> {
        match (self.open.is_empty(), self.has_heading) {
            (false, _) => Err(FeedError::Malformed),
            (true, false) => Err(FeedError::Shape),
            (true, true) => Ok(self.items),
        }
    }
}

/// A time as mail writes it, with the names of zones that are in use there, or RFC 3339; to the
/// second.
fn time(text: &str) -> Option<DateTime<Utc>> {
    let mail = text.strip_suffix(" Z").map(|rest| format!("{rest} +0000"));
    let mail = mail.as_deref().unwrap_or(text);
    let at = DateTime::parse_from_rfc2822(mail).or_else(|_| DateTime::parse_from_rfc3339(text));
    DateTime::from_timestamp(at.ok()?.timestamp(), 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(items: &str) -> String {
        format!("<rss version=\"2.0\"><channel><title>T</title>{items}</channel></rss>")
    }

    fn titles(text: &str) -> Result<Vec<String>, FeedError> {
        let items = read(text.as_bytes())?;
        Ok(items.into_iter().map(|item| item.title).collect())
    }

    #[test]
    fn a_text_is_the_same_however_it_is_written() {
        for title in [
            "A &amp; B &#60;1&#x3E;",
            "<![CDATA[A & B <1>]]>",
            "\n  A &amp; <![CDATA[B <1>]]>\n",
        ] {
            let text = feed(&format!("<item><title>{title}</title></item>"));
            assert_eq!(titles(&text), Ok(vec!["A & B <1>".to_owned()]), "{title}");
        }
    }

    #[test]
    fn nothing_is_expanded() {
        let bomb = "<!DOCTYPE rss [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>";
        let text = format!("{bomb}{}", feed("<item><title>&b;</title></item>"));
        assert_eq!(titles(&text), Err(FeedError::DocumentType));
        let named = feed("<item><title>a&b;c&nbsp;d</title></item>");
        assert_eq!(titles(&named), Ok(vec!["a c d".to_owned()]));
    }

    #[test]
    fn what_is_cut_off_or_something_else_is_no_feed() {
        let whole = feed("<item><title>x</title></item>");
        assert_eq!(titles(&whole).map(|all| all.len()), Ok(1));
        for end in 0..whole.len() {
            assert!(titles(&whole[..end]).is_err(), "{end}");
        }
        let html = "<!doctype html><title>x</title>";
        assert_eq!(titles(html), Err(FeedError::DocumentType));
        assert_eq!(
            titles("<Error><Code>x</Code></Error>"),
            Err(FeedError::Shape)
        );
        let bare = "<rss><channel></channel></rss>";
        assert_eq!(titles(bare), Err(FeedError::Shape));
        assert_eq!(titles("{\"items\":[]}"), Err(FeedError::Shape));
        assert_eq!(read(b"\xff\xfe<\0r\0"), Err(FeedError::Encoding));
    }

    #[test]
    fn what_is_read_is_bounded() {
        let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
        assert_eq!(titles(&deep), Err(FeedError::Depth));
        let long = "\u{1f525}".repeat(100_000);
        let one = format!("<item><title>{long}</title></item>").repeat(3);
        let all = titles(&feed(&one)).unwrap();
        assert!(all.iter().all(|title| title.len() <= FIELD_BYTES_MAX));
        let many = feed(&"<item><category>c</category></item>".repeat(10_000));
        assert_eq!(titles(&many).unwrap().len(), INCIDENTS_MAX);
        let categories = "<category>c</category>".repeat(1_000);
        let items = read(feed(&format!("<item>{categories}</item>")).as_bytes()).unwrap();
        assert_eq!(items[0].categories.len(), CATEGORIES_MAX);
    }

    #[test]
    fn times_are_read_in_the_zones_that_feeds_write() {
        let check =
            |text: &str, wanted: &str| assert_eq!(time(text), wanted.parse().ok(), "{text}");
        check("Fri, 14 Jan 2022 14:44:00 PST", "2022-01-14T22:44:00Z");
        check("Fri, 23 Aug 2019 04:18:35 PDT", "2019-08-23T11:18:35Z");
        check("Thu, 23 Jul 2026 16:29:09 Z", "2026-07-23T16:29:09Z");
        check("Thu, 23 Jul 2026 16:29:09 +0200", "2026-07-23T14:29:09Z");
        check("Thu, 23 Jul 2026 16:29:09 GMT", "2026-07-23T16:29:09Z");
        check("2026-07-23T16:29:09.9Z", "2026-07-23T16:29:09Z");
        for none in ["", "yesterday", "Thu, 99 Jul 2026 16:29:09 Z", "16:29"] {
            assert_eq!(time(none), None, "{none}");
        }
    }
}
