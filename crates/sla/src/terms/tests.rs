use super::*;

fn json(end: i64) -> String {
    format!(r#"{{"window":{{"start":0,"end":{end}}},"as_of":5,"exclusions":[]}}"#)
}

#[test]
fn terms_from_outside_have_a_longest_window() {
    assert!(serde_json::from_str::<Terms>(&json(366 * 24 * 60)).is_ok());
    assert!(serde_json::from_str::<Terms>(&json(366 * 24 * 60 + 1)).is_err());
    assert!(serde_json::from_str::<Terms>(&json(i64::MAX)).is_err());
}

#[test]
fn terms_survive_json_and_leave_out_what_is_not_known() {
    let mut terms = Terms::of(
        Window::new(Minute::new(0), Minute::new(60)).unwrap(),
        Minute::new(60),
    );
    let text = serde_json::to_string(&terms).unwrap();
    assert_eq!(
        text,
        r#"{"window":{"start":0,"end":60},"as_of":60,"exclusions":[]}"#
    );
    terms.places.push(Place {
        agent: "a".parse().unwrap(),
        region: "aws:eu-west-1".to_owned(),
        network: "aws".to_owned(),
    });
    terms.targets.push(TargetScope {
        target: "t".parse().unwrap(),
        scope: BTreeMap::from([(Dimension::Region, "eu".to_owned())]),
    });
    let text = serde_json::to_string(&terms).unwrap();
    assert_eq!(serde_json::from_str::<Terms>(&text).unwrap(), terms);
}
