//! Feeds, written by hand after the shape in which AWS and Azure publish them.

use super::*;

/// After the documented shape: newest first, an item per message, the second in the id.
const AWS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0">
  <channel>
    <title><![CDATA[Amazon Bedrock (N. Virginia) Service Status]]></title>
    <link>http://status.aws.amazon.com/</link>
    <generator>AWS Service Health Dashboard RSS Generator</generator>
    <ttl>5</ttl>
    <!-- a comment -->
    ITEMS
    <item>
      <title><![CDATA[Service is operating normally: [RESOLVED] Increased Error Rates]]></title>
      <link>http://status.aws.amazon.com/</link>
      <pubDate>Sun, 01 Nov 2026 10:00:00 PST</pubDate>
      <guid isPermaLink="false">http://status.aws.amazon.com/#bedrock-us-east-1_1793556000</guid>
      <description><![CDATA[Between 8:14 AM and 9:50 AM PST <b>some</b> requests failed.]]></description>
    </item>
    <item>
      <title><![CDATA[Informational message: Increased Error Rates]]></title>
      <link>http://status.aws.amazon.com/</link>
      <pubDate>Sun, 01 Nov 2026 08:30:00 PST</pubDate>
      <guid isPermaLink="false">http://status.aws.amazon.com/#bedrock-us-east-1_1793550600</guid>
      <description><![CDATA[We are investigating.]]></description>
    </item>
  </channel>
</rss>"#;

/// After the documented shape: open incidents only, the region and the services as categories.
const AZURE: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<rss xmlns:a10="http://www.w3.org/2005/Atom" version="2.0"><channel>
<title>Azure Status</title><link>https://azure.status.microsoft/en-us/status/</link>
<description>Azure Status</description><language>en-US</language>ITEMS</channel></rss>"#;

fn aws(items: &str) -> String {
    AWS.replace("ITEMS", items)
}

fn azure(items: &str) -> String {
    AZURE.replace("ITEMS", items)
}

fn message(title: &str, clock: &str, id: &str) -> String {
    format!(
        "<item><title><![CDATA[{title}]]></title><pubDate>Sun, 22 Nov 2026 {clock} PST</pubDate>\
         <guid>http://status.aws.amazon.com/#{id}</guid></item>"
    )
}

fn incident(title: &str, category: &str) -> String {
    format!(
        "<item><guid isPermaLink=\"false\">{title}</guid><title>{title}</title>\
         <link>https://azure.status.microsoft/en-us/status/</link>\
         <category>{category}</category><category>Sweden Central</category>\
         <pubDate>Sun, 22 Nov 2026 11:29:09 Z</pubDate></item>"
    )
}

fn feed() -> Source {
    source("rss", "https://x.example/bedrock-us-east-1.rss")
}

fn at(text: &str) -> Option<DateTime<Utc>> {
    text.parse().ok()
}

#[test]
fn aws_after_the_documented_shape_tells_an_incident_in_messages() {
    let first = "http://status.aws.amazon.com/#bedrock-us-east-1_1793550600";
    let said = says(&feed(), &[&aws("")]);
    check(&said, Level::Operational, &[first]);
    let told = &said.incidents[0];
    // The time of a message is the second in its id.
    assert_eq!(told.started_at, DateTime::from_timestamp(1_793_550_600, 0));
    assert_eq!(told.resolved_at, at("2026-11-01T18:00:00Z"));
    assert_eq!(told.impact.as_deref(), Some("informational message"));

    let open = message("Informational message: Latency", "02:00:00", "s_1");
    let worse = message("Service disruption: Latency", "03:00:00", "s_2");
    let id = "http://status.aws.amazon.com/#s_1";
    let said = says(&feed(), &[&aws(&open)]);
    check(&said, Level::Degraded, &[id, first]);
    let said = says(&feed(), &[&aws(&format!("{worse}{open}"))]);
    check(&said, Level::PartialOutage, &[id, first]);
    let told = &said.incidents[0];
    assert_eq!(told.started_at, at("2026-11-22T10:00:00Z"));
    assert_eq!(told.updated_at, at("2026-11-22T11:00:00Z"));
    assert_eq!(told.resolved_at, None, "nobody said that it is over");
    let over = message(
        "Service is operating normally: [RESOLVED] All",
        "03:30:00",
        "s_3",
    );
    let said = says(&feed(), &[&aws(&format!("{over}{worse}{open}"))]);
    check(&said, Level::Operational, &[id, first]);
    assert_eq!(said.incidents[0].resolved_at, at("2026-11-22T11:30:00Z"));
}

#[test]
fn a_service_that_is_well_says_nothing_of_another() {
    let open = message("Service degradation: A", "02:00:00", "one_1");
    let over = message(
        "Service is operating normally: [RESOLVED] A",
        "03:00:00",
        "two_2",
    );
    let both = aws(&format!("{over}{open}"));
    assert_eq!(says(&feed(), &[&both]).level, Level::Degraded);
    let of_two =
        configured("kind = \"rss\"\nurl = \"https://x.example/all.rss\"\ncomponents = [\"two\"]");
    assert_eq!(says(&of_two, &[&both]).level, Level::Operational);
    // Only the same subject is over, where the service as a whole is not called well.
    let other = message("Informational message: [RESOLVED] B", "03:00:00", "one_2");
    let said = says(&feed(), &[&aws(&format!("{other}{open}"))]);
    assert_eq!(said.level, Level::Degraded);
}

#[test]
fn an_end_in_two_languages_is_an_end() {
    let open = message(
        "Service degradation: X | Instance Availability",
        "02:00:00",
        "s_1",
    );
    let over = "Informational message: [Y] X | [RESOLVED] Instance Availability";
    let over = message(over, "03:00:00", "s_2");
    let said = says(&feed(), &[&aws(&format!("{over}{open}"))]);
    assert_eq!(said.level, Level::Operational);
    assert_eq!(said.incidents[0].resolved_at, at("2026-11-22T11:00:00Z"));
}

#[test]
fn what_was_never_ended_is_unknown_after_two_weeks_and_no_admission_for_ever() {
    let old = message("Service degradation: Old", "02:00:00", "s_1").replace("22 Nov", "01 Nov");
    let bare = azure(&old);
    let said = says(&feed(), &[&bare]);
    check(
        &said,
        Level::Unknown,
        &["http://status.aws.amazon.com/#s_1"],
    );
    assert!(said.note.is_some());
    let newer = message(
        "Service is operating normally: [RESOLVED] B",
        "02:00:00",
        "t_1",
    );
    let said = says(&feed(), &[&azure(&format!("{newer}{old}"))]);
    check(
        &said,
        Level::Operational,
        &["http://status.aws.amazon.com/#t_1"],
    );
}

#[test]
fn azure_after_the_documented_shape_tells_no_start_no_end_and_no_severity() {
    check(&says(&feed(), &[&azure("")]), Level::Operational, &[]);
    let open = azure(&incident(
        "Errors with Azure OpenAI",
        "Azure OpenAI Service",
    ));
    let said = says(&feed(), &[&open]);
    check(&said, Level::Degraded, &["Errors with Azure OpenAI"]);
    let told = &said.incidents[0];
    assert_eq!(told.updated_at, at("2026-11-22T11:29:09Z"));
    assert_eq!((told.started_at, told.resolved_at), (None, None));
    assert_eq!(told.impact, None);
    assert!(told.url.is_some());
    let over = azure(&incident("[RESOLVED] Errors", "Azure OpenAI Service"));
    check(
        &says(&feed(), &[&over]),
        Level::Operational,
        &["[RESOLVED] Errors"],
    );
    for open in [
        "Resolved in North Europe. Impact continues in West Europe",
        "Unresolved errors",
        "Not yet resolved",
    ] {
        let text = azure(&incident(open, "Network"));
        check(&says(&feed(), &[&text]), Level::Degraded, &[open]);
    }
}

#[test]
fn of_azure_counts_what_names_a_component() {
    let of = |name: &str| {
        configured(
            &format!("name = \"page\"\nprovider = \"azure\"\ncomponents = [\"{name}\"]")
                .replace("name = \"page\"\n", ""),
        )
    };
    let open = azure(&incident("Errors in the west", "Azure OpenAI Service"));
    check(
        &says(&of("azure openai service"), &[&open]),
        Level::Degraded,
        &["Errors in the west"],
    );
    check(
        &says(&of("the west"), &[&open]),
        Level::Degraded,
        &["Errors in the west"],
    );
    check(&says(&of("Storage"), &[&open]), Level::Operational, &[]);
    // An item that names nothing counts for all.
    let bare = azure("<item><title>Trouble</title></item>");
    check(
        &says(&of("Storage"), &[&bare]),
        Level::Degraded,
        &["Trouble"],
    );
}

#[test]
fn two_items_of_an_id_are_one_incident() {
    let twice = incident("Same", "Network").repeat(2);
    check(
        &says(&feed(), &[&azure(&twice)]),
        Level::Degraded,
        &["Same"],
    );
}
