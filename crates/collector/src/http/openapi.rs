//! `/api/openapi.json`: the interface described for programs (`OpenAPI` 3.1).
//!
//! The description is written by hand, and the tests hold it against the router, the registry
//! of problems and the bodies of the protocol. The web pages are deliberately absent from it.

use axum::http::header;
use axum::response::IntoResponse;

/// The description, compiled in.
const DESCRIPTION: &str = include_str!("openapi.json");

/// The description as it is.
pub(crate) async fn show() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DESCRIPTION)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::cell::CellHourBuilder;
    use domain::{Attribution, CellHour, Class, Kind, Minute, Outcome, Source, UnixMicros};
    use serde::Serialize;
    use serde_json::Value;
    use sla::{Assessment, Contract, Facts, Terms};
    use wire::nonce::NonceRoot;
    use wire::problem::{self, Problem, ProblemType};
    use wire::protocol::{
        CheckpointAnswer, CosignatureRequest, EnrolAnswer, EnrolRequest, Inclusion, MissingAnswer,
        MissingRun, PlanAnswer, Receipt, ReceiptState, RotateAnswer, RotateRequest,
    };

    use super::*;

    /// The source of the router: axum does not tell which routes it has.
    const ROUTER: &str = include_str!("../http.rs");
    /// What a path item may hold beside methods.
    const NOT_METHODS: &[&str] = &["parameters"];

    fn description() -> Value {
        serde_json::from_str(DESCRIPTION).expect("the description is JSON")
    }

    fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
        value.as_object().expect("an object").iter()
    }

    /// Every `METHOD PATH` of a chain of `.route("PATH", METHOD(HANDLER)...)`, except for pages.
    fn routes(chain: &str, prefix: &str) -> BTreeSet<String> {
        let dense: String = chain.split_whitespace().collect();
        let mut found = BTreeSet::new();
        for route in dense.split(".route(\"").skip(1) {
            let (path, handlers) = route.split_once("\",").expect("a path and its handlers");
            if handlers.contains("pages::") || handlers.contains("assets::") {
                continue;
            }
            let path = path.replace("{*", "{"); // The router's word for the rest of a path.
            for method in ["get", "post", "put", "patch", "delete"] {
                let first = handlers.starts_with(&format!("{method}("));
                if first || handlers.contains(&format!(").{method}(")) {
                    found.insert(format!("{method} {prefix}{path}"));
                }
            }
        }
        found
    }

    /// Every operation of the description with its `METHOD PATH`.
    fn operations(description: &Value) -> Vec<(String, &Value)> {
        let mut found = Vec::new();
        for (path, item) in members(&description["paths"]) {
            let methods = members(item).filter(|(key, _)| !NOT_METHODS.contains(&key.as_str()));
            found.extend(methods.map(|(method, op)| (format!("{method} {path}"), op)));
        }
        found
    }

    /// What a reference within the description leads to.
    fn resolve<'a>(description: &'a Value, reference: &Value) -> &'a Value {
        let reference = reference["$ref"].as_str().expect("a reference");
        let pointer = reference.trim_start_matches('#');
        description.pointer(pointer).expect("what it refers to")
    }

    /// Visits every value below this one, itself included.
    fn walk<'a>(value: &'a Value, visit: &mut impl FnMut(&'a Value)) {
        visit(value);
        match value {
            Value::Array(items) => items.iter().for_each(|item| walk(item, visit)),
            Value::Object(items) => items.values().for_each(|item| walk(item, visit)),
            _ => {}
        }
    }

    #[test]
    fn every_route_is_described_and_nothing_else() {
        let (_, router) = ROUTER.split_once("let api = ").expect("the API's router");
        let (api, rest) = router.split_once(';').expect("its end");
        assert!(rest.contains(".nest(\"/api/v1\", api)"), "another prefix");
        let mut expected = routes(api, "/api/v1");
        expected.extend(routes(rest, ""));
        let described = description();
        let operations = operations(&described).into_iter();
        let found: BTreeSet<String> = operations.map(|(name, _)| name).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn every_parameter_in_a_path_is_declared() {
        let description = description();
        for (path, item) in members(&description["paths"]) {
            let named: Vec<&str> = path.split(['{', '}']).skip(1).step_by(2).collect();
            let declared = item["parameters"].as_array();
            let declared = declared.into_iter().flatten().map(|parameter| {
                let parameter = resolve(&description, parameter);
                parameter["name"].as_str().expect("its name")
            });
            assert_eq!(declared.collect::<Vec<_>>(), named, "{path}");
        }
    }

    #[test]
    fn every_reference_leads_to_something_and_everything_is_referred_to() {
        let description = description();
        let mut references = BTreeSet::new();
        walk(&description, &mut |value| {
            references.extend(value.get("$ref").and_then(Value::as_str));
        });
        let mut components = BTreeSet::new();
        for (kind, items) in members(&description["components"]) {
            components.extend(members(items).map(|(n, _)| format!("#/components/{kind}/{n}")));
        }
        let components: BTreeSet<&str> = components.iter().map(String::as_str).collect();
        assert_eq!(references, components);
    }

    #[test]
    fn every_refusal_names_its_types_under_their_status() {
        let description = description();
        for (name, operation) in operations(&description) {
            for (status, response) in members(&operation["responses"]) {
                if status.starts_with('2') || status == "304" {
                    continue;
                }
                let response = resolve(&description, response);
                let text = response["description"].as_str().expect("a description");
                for uri in text.split(" or ") {
                    let kind = ProblemType::from_uri(uri).expect("a registered type");
                    assert_eq!(&kind.status().to_string(), status, "{name}: {uri}");
                }
                let schema = &response["content"][problem::CONTENT_TYPE]["schema"]["$ref"];
                assert_eq!(schema, "#/components/schemas/Problem", "{name} {status}");
            }
        }
    }

    #[test]
    fn the_registry_of_problems_is_complete() {
        let description = description();
        let listed = &description["components"]["schemas"]["Problem"]["properties"]["type"]["enum"];
        let listed = listed.as_array().expect("the registry").iter();
        let listed: BTreeSet<&str> = listed.filter_map(Value::as_str).collect();
        let registered = ProblemType::ALL.iter().map(|kind| kind.uri());
        assert_eq!(listed, registered.collect());
    }

    /// Compares the members of a full body with those its schema declares.
    #[track_caller]
    fn check(schema: &str, body: &impl Serialize) {
        let body = serde_json::to_value(body).expect("a body is JSON");
        let sent: BTreeSet<&String> = members(&body).map(|(name, _)| name).collect();
        let description = description();
        let properties = &description["components"]["schemas"][schema]["properties"];
        let declared: BTreeSet<&String> = members(properties).map(|(name, _)| name).collect();
        assert_eq!(sent, declared, "{schema}");
    }

    #[test]
    fn the_bodies_of_the_protocol_have_the_members_described() {
        let agent: domain::AgentId = "fra-1".parse().expect("a name");
        let (text, now) = (String::new, UnixMicros::new(0));
        check("Problem", &Problem::new(ProblemType::Busy, "full"));
        let (token, proof, vkey) = (text(), text(), text());
        check(
            "EnrolRequest",
            &EnrolRequest {
                token,
                proof,
                agent: agent.clone(),
                vkey,
            },
        );
        let (origin, log_vkey) = (text(), text());
        check(
            "EnrolAnswer",
            &EnrolAnswer {
                origin,
                log_vkey,
                operator_vkey: text(),
                now_us: now,
            },
        );
        let (note, body, orders) = (text(), text(), Vec::new());
        let nonces = Some(NonceRoot::from_bytes([1; 32]));
        check(
            "PlanAnswer",
            &PlanAnswer {
                note,
                body,
                orders,
                nonces,
            },
        );
        let state = ReceiptState::Stored;
        let batch = text();
        check(
            "Receipt",
            &Receipt {
                agent: agent.clone(),
                seq: 0,
                batch,
                state,
                received_us: now,
                missing_from: Some(0),
            },
        );
        let inclusion = Inclusion {
            seq: 0,
            index: 0,
            proof: Vec::new(),
        };
        check("Inclusion", &inclusion);
        let (checkpoint, consistency, inclusion) = (text(), Vec::new(), Some(inclusion));
        check(
            "CheckpointAnswer",
            &CheckpointAnswer {
                checkpoint,
                consistency,
                inclusion,
            },
        );
        check(
            "CosignatureRequest",
            &CosignatureRequest {
                agent,
                size: 0,
                line: text(),
            },
        );
    }

    #[test]
    fn what_is_missing_has_the_members_described() {
        let run = MissingRun { from: 1, below: 2 };
        check("MissingRun", &run);
        let missing = Some(run);
        check("MissingAnswer", &MissingAnswer { missing });
    }

    #[test]
    fn the_bodies_of_a_rotation_have_the_members_described() {
        let (old_vkey, new_vkey, proof) = (String::new(), String::new(), String::new());
        let rotate = RotateRequest {
            from_batch: 0,
            new_vkey,
            old_vkey,
            proof,
        };
        check("RotateRequest", &rotate);
        let (from_batch, vkey) = (0, String::new());
        let rotated = RotateAnswer {
            agent: "fra-1".parse().expect("a name"),
            from_batch,
            vkey,
        };
        check("RotateAnswer", &rotated);
    }

    #[test]
    fn latencies_have_the_members_described() {
        let full = super::super::latency::tests::full();
        let point = full.point();
        check("Latency", &full);
        check("LatencyPoint", point);
        check("LatencyFigures", &point.end.expect("a sample"));
    }

    #[test]
    fn the_newest_attempt_of_a_stream_has_the_members_described() {
        check("NewestAttempt", &super::super::targets::full_newest());
    }

    #[test]
    fn what_pages_publish_has_the_members_described() {
        for (schema, part) in super::super::published::tests::full().parts() {
            check(schema, &part);
        }
    }

    /// An hour of errors, some of them late.
    fn outage(start: Minute) -> CellHour {
        let (agent, target) = ("a".parse().expect("a name"), "t".parse().expect("a name"));
        let mut cell = CellHourBuilder::new(agent, target, start.hour());
        let class = |late| Class {
            outcome: Outcome::ServerError,
            status: Some(503),
            attribution: Attribution::Provider,
            kind: Kind::Planned,
            source: Source::Probe,
            stream: true,
            served_model: None,
            served_tier: None,
            features: Vec::new(),
            late,
        };
        for minute in 0..60 {
            cell.add(start.plus(minute), class(minute % 2 == 0), 5);
        }
        cell.build()
    }

    /// Everything that an assessment can hold is in it.
    fn full_assessment() -> Assessment {
        let text = include_str!("../../../sla/contracts/demo-direct.toml");
        let contract = Contract::parse(text).expect("a contract");
        let window = contract.window_at(Minute::new(0));
        let mut terms = Terms::of(window, window.end());
        terms.exclusions = vec![sla::ExcludedSpan {
            window,
            kind: "unheard of".to_owned(),
            reason: "announced".to_owned(),
            announced: None,
        }];
        sla::assess(&contract, &terms, Facts::counted(&[outage(window.start())]))
    }

    #[test]
    fn assessments_have_the_members_described() {
        let assessment = full_assessment();
        check("Assessment", &assessment);
        check("Window", &assessment.window);
        check("ConsideredSpan", &assessment.exclusions[0]);
        check("CreditTotal", assessment.credit.as_ref().expect("a breach"));
        let commitment = &assessment.commitments[0];
        check("CommitmentAssessment", commitment);
        check("Claimability", &commitment.claim);
        check("Fraction", &commitment.target);
        check("Budget", &commitment.budget);
        check("MinuteTotals", &commitment.minutes);
        check("Downtime", &commitment.downtime[0]);
        check(
            "MinuteSupport",
            commitment.support.as_ref().expect("a threshold"),
        );
        check("RuleCount", &commitment.rules[0]);
        check("Spread", commitment.spread.as_ref().expect("late samples"));
        check("Credit", commitment.credit.as_ref().expect("a breach"));
        let least = commitment.least_favourable.as_ref().expect("late samples");
        check("Reading", least);
        check("Choice", &least.choices[0]);
    }

    /// Members that not every value has are described, and nothing that a value has is missing.
    #[test]
    fn what_differs_by_kind_is_described() {
        let assessment = full_assessment();
        let commitment = &assessment.commitments[0];
        let credit = commitment.credit.as_ref().expect("a breach");
        for (schema, value) in [
            ("CreditSource", serde_json::to_value(&credit.source)),
            ("Deadline", serde_json::to_value(&commitment.deadlines[0])),
            ("NoCredit", serde_json::to_value(sla::NoCredit::TargetKept)),
        ] {
            let value = value.expect("a value is JSON");
            let description = description();
            let properties = &description["components"]["schemas"][schema]["properties"];
            for (name, _) in members(&value) {
                assert!(properties.get(name).is_some(), "{schema}: {name}");
            }
        }
    }
}
