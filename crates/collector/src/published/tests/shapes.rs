use super::*;

const SUMMARY: &str = r#"{"page":{"id":"p","name":"Acme","updated_at":"2026-11-22T11:50:00Z"},
    "components":[
      {"id":"c1","name":"API","status":"partial_outage","group_id":null},
      {"id":"c2","name":"Console","status":"operational"},
      {"id":"c3","name":"Batch","status":"wobbly"}],
    "incidents":[{"id":"i1","name":"Errors","status":"investigating","impact":"major",
      "shortlink":"https://stspg.example/i1","started_at":"2026-11-22T11:40:00.123Z",
      "created_at":"2026-11-22T11:41:00Z","updated_at":"2026-11-22T11:45:00Z","resolved_at":null,
      "components":[{"id":"c1","name":"API"}]}],
    "scheduled_maintenances":[],
    "status":{"indicator":"major","description":"Partial System Outage"}}"#;

fn of_components(kind: &str, names: &str) -> Source {
    configured(&format!(
        "kind = \"{kind}\"\nurl = \"https://x.example/api/v2/summary.json\"\ncomponents = [{names}]"
    ))
}

#[test]
fn statuspage_after_the_documented_shape() {
    let whole = source("statuspage", "https://x.example/api/v2/summary.json");
    let said = says(&whole, &[SUMMARY]);
    check(&said, Level::PartialOutage, &["i1"]);
    let names: Vec<&str> = said
        .components
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(names, ["API", "Batch"], "what is well is not kept");
    let incident = &said.incidents[0];
    assert_eq!(incident.url.as_deref(), Some("https://stspg.example/i1"));
    assert_eq!(incident.started_at, "2026-11-22T11:40:00Z".parse().ok());
    assert_eq!(incident.resolved_at, None);

    let said = says(&of_components("statuspage", "\"console\""), &[SUMMARY]);
    check(&said, Level::Operational, &[]);
    let said = says(
        &of_components("statuspage", "\"Console\", \"c1\""),
        &[SUMMARY],
    );
    check(&said, Level::PartialOutage, &["i1"]);
}

#[test]
fn a_word_or_component_that_is_not_known_is_unknown_and_kept() {
    let said = says(&of_components("statuspage", "\"Batch\""), &[SUMMARY]);
    check(&said, Level::Unknown, &[]);
    assert_eq!(
        said.note.as_deref(),
        Some("the state of `Batch` is `wobbly`")
    );
    let said = says(
        &of_components("statuspage", "\"Console\", \"Gone\""),
        &[SUMMARY],
    );
    check(&said, Level::Unknown, &[]);
    let note = said.note.unwrap();
    assert_eq!(note, "the state of `Gone` is `not on the page`");
    let odd = r#"{"status":{"indicator":"purple"},"components":[]}"#;
    let said = says(&source("statuspage", "https://x.example/"), &[odd]);
    assert_eq!(
        said.note.as_deref(),
        Some("the page's word `purple` is not known")
    );
    // Known trouble is not hidden by an unknown word beside it.
    let said = says(
        &of_components("statuspage", "\"Batch\", \"API\""),
        &[SUMMARY],
    );
    check(&said, Level::PartialOutage, &["i1"]);
}

#[test]
fn the_shim_of_incident_io_after_the_documented_shape_has_its_incidents_in_a_list_of_their_own() {
    let summary = r#"{"page":{"id":"p"},"status":{"indicator":"none"},
        "components":[{"id":"c1","name":"Chat","status":"operational"}]}"#;
    let incidents = r#"{"page":{"id":"p"},"incidents":[
        {"id":"i2","name":"Elevated errors","status":"monitoring","impact":"minor",
         "created_at":"2026-11-22T11:00:00Z","updated_at":"2026-11-22T11:30:00Z"},
        {"id":"i1","name":"Past","status":"resolved","impact":"critical",
         "created_at":"2026-11-01T11:00:00Z","resolved_at":"2026-11-01T12:00:00Z"}]}"#;
    let source = source("statuspage", "https://x.example/api/v2/summary.json");
    assert_eq!(source.documents().len(), 2);
    // An open incident is an admission, whatever the components say.
    check(
        &says(&source, &[summary, incidents]),
        Level::Degraded,
        &["i2", "i1"],
    );
    check(&says(&source, &[summary]), Level::Operational, &[]);
    let resolved = incidents.replace("monitoring", "resolved");
    check(
        &says(&source, &[summary, &resolved]),
        Level::Operational,
        &["i2", "i1"],
    );
}

#[test]
fn incident_io_after_the_documented_shape() {
    let source = of_components("incident_io", "\"Responses\"");
    let calm = r#"{"summary":{"components":[{"id":"a","name":"Responses"},{"id":"b","name":"Chat"}],
        "affected_components":[],"ongoing_incidents":[]}}"#;
    check(&says(&source, &[calm]), Level::Operational, &[]);
    let storm = r#"{"summary":{"components":[{"id":"a","name":"Responses"},{"id":"b","name":"Chat"}],
        "affected_components":[{"component_id":"a","status":"full_outage"}],
        "ongoing_incidents":[
          {"id":"i1","name":"Down","status":"identified","published_at":"2026-11-22T11:00:00Z",
           "component_impacts":[{"component_id":"a","status":"full_outage"}],
           "updates":[{"published_at":"2026-11-22T11:20:00Z"}]},
          {"id":"i2","name":"Other","status":"identified",
           "component_impacts":[{"component_id":"b","status":"degraded_performance"}]}]}}"#;
    let said = says(&source, &[storm]);
    check(&said, Level::MajorOutage, &["i1"]);
    assert_eq!(
        said.incidents[0].updated_at,
        "2026-11-22T11:20:00Z".parse().ok()
    );
    check(&says(&source, &[r#"{"hello":1}"#]), Level::Unknown, &[]);
}

#[test]
fn better_stack_after_the_documented_shape() {
    let answer = r#"{"data":{"id":"1","type":"status_page",
          "attributes":{"company_name":"Acme","aggregate_state":"downtime"}},
        "included":[
          {"id":"r1","type":"status_page_resource","attributes":{"public_name":"API","status":"downtime"}},
          {"id":"r2","type":"status_page_resource","attributes":{"public_name":"Web","status":"operational"}},
          {"id":"r3","type":"status_page_resource","attributes":{"public_name":"Old","status":"not_monitored"}},
          {"id":"s1","type":"status_report","attributes":{"title":"API down","report_type":"manual",
            "starts_at":"2026-11-22T10:00:00Z","ends_at":null,"aggregate_state":"downtime",
            "affected_resources":[{"status_page_resource_id":"r1","status":"downtime"}]}},
          {"id":"s2","type":"status_report","attributes":{"title":"Work","report_type":"maintenance",
            "starts_at":"2026-11-23T10:00:00Z","ends_at":"2026-11-23T11:00:00Z",
            "aggregate_state":"maintenance","affected_resources":[]}}]}"#;
    let whole = source("better_stack", "https://x.example/index.json");
    check(&says(&whole, &[answer]), Level::MajorOutage, &["s1", "s2"]);
    let said = says(&of_components("better_stack", "\"Web\""), &[answer]);
    check(&said, Level::Operational, &["s2"]);
    check(
        &says(&of_components("better_stack", "\"Old\""), &[answer]),
        Level::Unknown,
        &["s2"],
    );
    let well = answer.replace("downtime", "operational");
    check(&says(&whole, &[&well]), Level::Operational, &["s1", "s2"]);
}

#[test]
fn google_after_the_documented_shape() {
    let answer = r#"[
        {"id":"g2","begin":"2026-11-22T11:00:00+00:00","end":null,"external_desc":"Gemini errors",
         "modified":"2026-11-22T11:30:00+00:00","status_impact":"SERVICE_DISRUPTION",
         "uri":"incidents/g2","affected_products":[{"title":"Vertex","id":"VX"}]},
        {"id":"g1","begin":"2026-11-20T11:00:00+00:00","end":"2026-11-20T12:00:00+00:00",
         "external_desc":"Over","status_impact":"SERVICE_OUTAGE","uri":"incidents/g1",
         "affected_products":[{"id":"VX"},{"id":"ZZ"}]},
        {"id":"g0","begin":"2026-11-22T11:00:00+00:00","status_impact":"SERVICE_OUTAGE",
         "affected_products":[{"id":"ZZ"}]}]"#;
    let of = |product: &str| {
        configured(&format!(
            "kind = \"google\"\nurl = \"https://x.example/dash/incidents.json\"\nproduct = \"{product}\""
        ))
    };
    let said = says(&of("VX"), &[answer]);
    check(&said, Level::PartialOutage, &["g2", "g1"]);
    let url = said.incidents[0].url.as_deref();
    assert_eq!(url, Some("https://x.example/dash/incidents/g2"));
    check(
        &says(&of("ZZ"), &[answer]),
        Level::MajorOutage,
        &["g1", "g0"],
    );
    check(&says(&of("none"), &[answer]), Level::Operational, &[]);
    check(&says(&of("VX"), &[r#"{"error":1}"#]), Level::Unknown, &[]);
}

#[test]
fn online_or_not_after_the_documented_shape() {
    let answer = r#"{"success":true,"errors":[],"messages":[],"result":{
        "status":{"description":"All Systems Operational"},
        "components":[{"id":"c1","name":"Chat API","status":"OPERATIONAL"},
                      {"id":"c2","name":"Web","status":"DEGRADED_PERFORMANCE"}],
        "active_incidents":[],"scheduled_maintenance":[]}}"#;
    let whole = source("online_or_not", "https://x.example/summary");
    check(&says(&whole, &[answer]), Level::Operational, &[]);
    check(
        &says(&of_components("online_or_not", "\"Web\""), &[answer]),
        Level::Degraded,
        &[],
    );
    let incident =
        r#"[{"id":"i","title":"Errors","impact":"MAJOR_OUTAGE","started":"2026-11-22T11:00:00Z"}]"#;
    let open = answer.replace(
        "\"active_incidents\":[]",
        &format!("\"active_incidents\":{incident}"),
    );
    check(&says(&whole, &[&open]), Level::Degraded, &["i"]);
    let refused = answer.replace("true", "false");
    check(&says(&whole, &[&refused]), Level::Unknown, &[]);
    // A description in free text leaves it to the components.
    let free = answer.replace("All Systems Operational", "Some trouble");
    check(&says(&whole, &[&free]), Level::Degraded, &[]);
}

#[test]
fn openrouter_after_the_documented_shape_keeps_shares_in_whole_parts_per_million() {
    let answer = r#"{"data":{"id":"m","endpoints":[
        {"name":"A | m","provider_name":"A","tag":"a","status":0,"uptime_last_30m":99.87654321,
         "uptime_last_5m":100,"uptime_last_1d":null},
        {"name":"B | m","provider_name":"B","tag":"b/fp8","status":-5,"uptime_last_30m":1e-7},
        {"name":"C | m","provider_name":"C","status":7}]}}"#;
    let said = says(&of_components("openrouter", "\"A\""), &[answer]);
    check(&said, Level::Operational, &[]);
    let shares: Vec<(&str, u32)> = said
        .uptimes
        .iter()
        .map(|one| (one.span.as_str(), one.ppm))
        .collect();
    assert_eq!(shares, [("5m", 1_000_000), ("30m", 998_765)]);
    check(
        &says(&of_components("openrouter", "\"b/fp8\""), &[answer]),
        Level::Degraded,
        &[],
    );
    check(
        &says(&of_components("openrouter", "\"C\""), &[answer]),
        Level::Unknown,
        &[],
    );
    let whole = source("openrouter", "https://x.example/");
    check(&says(&whole, &[answer]), Level::Degraded, &[]);
    check(
        &says(&whole, &[r#"{"data":{"endpoints":[]}}"#]),
        Level::Unknown,
        &[],
    );
}
