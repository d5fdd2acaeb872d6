//! Refusals: whatever is wrong, the answer says what, in the one form.

use domain::AgentId;
use evidence::note::{self, SigningKey};
use reqwest::Method;
use wire::names::Origin;
use wire::problem::{CONTENT_TYPE, Problem, ProblemType};
use wire::protocol::{EnrolRequest, enrol_text};

use super::installation::{AGENT, Installation, KEY};

#[tokio::test]
async fn problems_are_told_as_problem_json() {
    let lab = Installation::create("problems", KEY).await;
    let _collector = lab.start_collector().await;
    let (get, post) = (Method::GET, Method::POST);
    let stranger = serde_json::to_string(&stranger()).expect("a request is JSON");
    let far = "/api/v1/log/checkpoint?agent=lab-1&from=far";
    let cases = [
        (&get, "/api/v1/nowhere", "", ProblemType::NotFound),
        (&get, "/nowhere", "", ProblemType::NotFound),
        (&get, "/api/v1/contracts/nobody", "", ProblemType::NotFound),
        (&get, "/api/v1/violations/none", "", ProblemType::NotFound),
        (&get, far, "", ProblemType::Malformed),
        (&get, "/api/v1/contracts/%FF", "", ProblemType::Malformed),
        (
            &post,
            "/api/v1/batches",
            "garbage",
            ProblemType::BatchInvalid,
        ),
        (&post, "/api/v1/batches", "", ProblemType::BatchInvalid),
        (&post, "/api/v1/agents", "{", ProblemType::Malformed),
        (&post, "/api/v1/agents", "{}", ProblemType::Malformed),
        (
            &post,
            "/api/v1/agents",
            &stranger,
            ProblemType::TokenInvalid,
        ),
        (
            &post,
            "/api/v1/contracts",
            "",
            ProblemType::MethodNotAllowed,
        ),
    ];
    let mut wrong = Vec::new();
    for (method, path, body, wanted) in cases {
        if let Err(found) = check(&lab, method, (path, body), wanted).await {
            wrong.push(format!("{method} {path} {body:.20}: {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn pages_that_are_not_there_are_told_as_pages() {
    let lab = Installation::create("pages", KEY).await;
    let _collector = lab.start_collector().await;
    let cases = [
        ("/", 200),
        ("/?fragment=x", 200),
        ("/?fragment=1", 200),
        ("/contracts/nobody", 404),
        ("/contracts/%FF", 404),
        ("/violations/%FF", 404),
        ("/assets/nines.css", 200),
    ];
    for (path, wanted) in cases {
        let answer = lab.request(Method::GET, path, String::new()).await;
        assert_eq!(answer.status().as_u16(), wanted, "{path}");
        let kind = answer.headers()["content-type"]
            .to_str()
            .expect("it is ASCII");
        assert!(kind.starts_with("text/"), "{path}: {kind}");
    }
}

async fn check(
    lab: &Installation,
    method: &Method,
    (path, body): (&str, &str),
    wanted: ProblemType,
) -> Result<(), String> {
    let answer = lab.request(method.clone(), path, body.to_owned()).await;
    let status = answer.status().as_u16();
    let kind = answer.headers().get("content-type");
    let kind = kind.map_or("none", |kind| kind.to_str().expect("it is ASCII"));
    let kind = kind.to_owned();
    let body = answer.text().await.expect("a problem is text");
    let found = format!("{status} {kind} {body}");
    if status != wanted.status() || kind != CONTENT_TYPE {
        return Err(found);
    }
    let problem: Problem = serde_json::from_str(&body).map_err(|_| found.clone())?;
    let told = problem.detail.is_some_and(|detail| !detail.is_empty());
    if problem.kind != wanted.uri() || problem.status != status || !told {
        return Err(found);
    }
    Ok(())
}

/// An enrolment in good order, but for its token.
fn stranger() -> EnrolRequest {
    let origin: Origin = "nines.example/test".parse().expect("an origin");
    let agent: AgentId = AGENT.parse().expect("an agent");
    let key = SigningKey::generate(&origin.agent(&agent)).expect("a key");
    let vkey = key.verifier_key().to_string();
    let token = "never-minted";
    let proof = note::sign(&enrol_text(&agent, &vkey, token), &[&key]).expect("a proof");
    EnrolRequest {
        token: token.to_owned(),
        proof: proof.to_string(),
        agent,
        vkey,
    }
}
