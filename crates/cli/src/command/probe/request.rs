//! From the command line to what is sent.
//!
//! A preset on the command line becomes a target of a plan with one target, and goes the way that
//! an agent's targets go: what is tried here by hand is what an agent would send. Only what no plan
//! can say is laid over it: a silence limit, secret headers, a set of statuses.

use std::time::Duration;

use agent::runner::{CallError, Keys, SpecForError, TargetError, spec_for};
use anyhow::{Context as _, anyhow, bail, ensure};
use domain::CredentialAlias;
use probe::preset::{self, PresetError};
use probe::{Ask, MAX_OUTPUT_TOKENS_DEFAULT, Request, Spec, StatusSet};
use reqwest::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use wire::plan::{Burst, Plan, PlanAsk, PlanCall, PlanConnection, PlanRequest, PlanTarget, Via};

use super::drill::Drill;
use super::key::{self, Found};
use super::options::{
    AskWord, CallOptions, HttpOptions, KeyOptions, Options, Page, TargetPlace, ViaOptions,
    WaitOptions,
};
use super::prompt;
use crate::command::up::config::UpConfig;

/// How long to wait where nobody says.
const DEADLINE_S: u32 = 60;

/// Public names of the keys of a target that the command line describes.
const KEY: &str = "key";
const SECOND_KEY: &str = "second-key";

/// What is sent, as often as it is asked for.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) target: PlanTarget,
    keys: Keys,
    beyond: Beyond,
    /// Where the key came from, for people.
    pub(super) key_place: String,
}

/// What no plan can say.
#[derive(Debug, Default)]
struct Beyond {
    ask: Option<Ask>,
    drill: Option<Drill>,
    stall_after: Option<Duration>,
    headers: Vec<(HeaderName, SecretString)>,
    expect_status: Option<StatusSet>,
}

impl Planned {
    /// What the command line asks for. Fails, in terms of the command line, where it cannot be sent.
    pub(super) fn of(options: &Options) -> anyhow::Result<Self> {
        let planned = match (&options.page, &options.target, &options.preset) {
            (Some(Page::Http(page)), ..) => Self::page(page)?,
            (None, Some(place), _) => Self::of_file(place, &options.key)?,
            (None, None, Some(preset)) => Self::call(preset, options)?,
            (None, None, None) => bail!("name a preset; --list shows them"),
        };
        // Whatever is wrong with it is said before the first attempt.
        planned.spec()?;
        Ok(planned)
    }

    /// Whether a key is sent.
    pub(super) const fn is_keyed(&self) -> bool {
        self.target.credential.is_some()
    }

    /// One attempt, with a nonce of its own.
    pub(super) fn spec(&self) -> anyhow::Result<Spec> {
        let mut spec = spec_for(&self.target, &self.keys).map_err(in_flags)?;
        if let Some(stall_after) = self.beyond.stall_after {
            spec.stall_after = stall_after;
        }
        match &mut spec.request {
            Request::Call(call) => {
                call.secret_headers.extend(self.beyond.headers.clone());
                if let Some(ask) = &self.beyond.ask {
                    call.ask = ask.clone();
                }
            }
            Request::Http(page) => {
                if let Some(statuses) = &self.beyond.expect_status {
                    page.expect_status = statuses.clone();
                }
            }
        }
        Ok(spec)
    }

    /// The drill that is asked for.
    pub(super) const fn drill(&self) -> Option<&Drill> {
        self.beyond.drill.as_ref()
    }

    /// One attempt in which the primary fails.
    pub(super) fn drill_spec(&self, drill: &Drill) -> anyhow::Result<Spec> {
        let mut spec = self.spec()?;
        if let Request::Call(call) = &mut spec.request {
            drill.hook.clone().apply(call);
        }
        Ok(spec)
    }

    fn call(preset: &str, options: &Options) -> anyhow::Result<Self> {
        let known = preset::named(preset).ok_or_else(|| unknown_preset(preset))?;
        let found = key::of_preset(&options.key, known)?;
        let call = plan_call(preset, &options.call)?;
        let mut planned = Self::with_key(target(PlanRequest::Call(Box::new(call)))?, found)?;
        planned.second_key(&options.key)?;
        let target = &mut planned.target;
        target.deadline_ms = deadline_ms(&options.wait);
        target.via = via(&options.via);
        let drill = options.drill.drill.clone().map(|hook| Drill {
            hook,
            primary: options.drill.primary.clone(),
        });
        planned.beyond = Beyond {
            ask: prompt::of(&options.call)?,
            drill,
            stall_after: options.call.stall_s.map(|s| Duration::from_secs(s.into())),
            headers: headers(&options.call.header)?,
            expect_status: None,
        };
        Ok(planned)
    }

    fn page(options: &HttpOptions) -> anyhow::Result<Self> {
        let mut target = target(PlanRequest::Http {
            expect_body: options.expect_body.clone(),
            expect_header: options
                .expect_header
                .iter()
                .map(|given| (given.name.clone(), given.value.clone()))
                .collect(),
            expect_json: options
                .expect_json
                .iter()
                .map(|given| {
                    let value = serde_json::from_str(&given.value)
                        .with_context(|| format!("--expect-json {}: not JSON", given.name))?;
                    Ok((given.name.clone(), value))
                })
                .collect::<anyhow::Result<_>>()?,
            expect_status: 200,
            url: options.url.clone(),
        })?;
        target.deadline_ms = deadline_ms(&options.wait);
        let statuses = options.expect_status.parse().context("--expect-status")?;
        Ok(Self {
            target,
            keys: Keys::new(),
            beyond: Beyond {
                expect_status: Some(statuses),
                ..Beyond::default()
            },
            key_place: String::new(),
        })
    }

    /// A target of a file: of a plan, which has agents, or of a `nines.toml`, which is one.
    fn of_file(place: &TargetPlace, options: &KeyOptions) -> anyhow::Result<Self> {
        let file = &place.file;
        let text =
            std::fs::read_to_string(file).with_context(|| format!("cannot read `{file}`"))?;
        let is_plan = text
            .parse::<toml::Table>()
            .is_ok_and(|table| table.contains_key("agent"));
        if is_plan {
            let plan = Plan::parse(&text).with_context(|| format!("`{file}` cannot be used"))?;
            Self::of_plan(named(&plan.targets, place)?, options)
        } else {
            let config = UpConfig::read(file)?;
            Self::of_config(&config, named(&config.targets, place)?, options)
        }
    }

    /// Where the keys of a plan are, only agents know: here the command line says it, or the key
    /// is in the preset's own variable. A target without credential has none.
    fn of_plan(target: PlanTarget, options: &KeyOptions) -> anyhow::Result<Self> {
        let PlanRequest::Call(call) = &target.request else {
            return Ok(Self::without_key(target));
        };
        let known = preset::named(&call.preset).ok_or_else(|| unknown_preset(&call.preset))?;
        ensure!(
            call.second_credential.is_none() || options.second_key_env.is_some(),
            "the target has a second credential: say where it is with --second-key-env NAME"
        );
        let found = match (key::named(options)?, &target.credential) {
            (Some(found), _) => found,
            (None, Some(_)) => key::of_preset(options, known)?,
            (None, None) => return Ok(Self::without_key(target)),
        };
        let mut planned = Self::with_key(target, found)?;
        planned.second_key(options)?;
        Ok(planned)
    }

    /// A `nines.toml` says itself where its keys are, unless the command line does.
    fn of_config(
        config: &UpConfig,
        target: PlanTarget,
        options: &KeyOptions,
    ) -> anyhow::Result<Self> {
        let mut planned = if let Some(found) = key::named(options)? {
            Self::with_key(target, found)?
        } else {
            let mut planned = Self::without_key(target);
            if let Some(alias) = planned.target.credential.clone() {
                planned.key_place = format!("credential `{alias}`");
                planned.keys.insert(alias.clone(), config.key(&alias)?);
            }
            planned
        };
        if let PlanRequest::Call(call) = &planned.target.request
            && let Some(alias) = call.second_credential.clone()
            && options.second_key_env.is_none()
        {
            planned.keys.insert(alias.clone(), config.key(&alias)?);
        }
        planned.second_key(options)?;
        Ok(planned)
    }

    fn without_key(target: PlanTarget) -> Self {
        Self {
            target,
            keys: Keys::new(),
            beyond: Beyond::default(),
            key_place: String::new(),
        }
    }

    fn with_key(mut target: PlanTarget, found: Found) -> anyhow::Result<Self> {
        let mut keys = Keys::new();
        target.credential = None;
        if let Some(key) = found.key {
            let alias: CredentialAlias = KEY.parse()?;
            keys.insert(alias.clone(), key);
            target.credential = Some(alias);
        }
        Ok(Self {
            keys,
            key_place: found.place,
            ..Self::without_key(target)
        })
    }

    fn second_key(&mut self, options: &KeyOptions) -> anyhow::Result<()> {
        let (Some(name), PlanRequest::Call(call)) =
            (&options.second_key_env, &mut self.target.request)
        else {
            return Ok(());
        };
        let alias: CredentialAlias = SECOND_KEY.parse()?;
        self.keys.insert(alias.clone(), key::variable(name)?);
        call.second_credential = Some(alias);
        Ok(())
    }
}

fn target(request: PlanRequest) -> anyhow::Result<PlanTarget> {
    Ok(PlanTarget {
        budget: None,
        burst: Burst::default(),
        credential: None,
        cron: None,
        deadline_ms: DEADLINE_S * 1_000,
        features: Vec::new(),
        id: "by-hand".parse()?,
        interval_s: Some(60),
        jitter_ms: 0,
        provider: "by-hand".parse()?,
        request,
        scope: std::collections::BTreeMap::new(),
        slow_after_ms: None,
        via: None,
    })
}

fn plan_call(preset: &str, options: &CallOptions) -> anyhow::Result<PlanCall> {
    let extra = match &options.extra {
        None => serde_json::Map::new(),
        Some(text) => serde_json::from_str(text).context("--extra is not a JSON object")?,
    };
    let params = options.param.iter().cloned();
    Ok(PlanCall {
        ask: match options.ask {
            None | Some(AskWord::Echo) => PlanAsk::Echo,
            Some(AskWord::Sum) => PlanAsk::Sum,
            Some(AskWord::Repeat) => PlanAsk::Repeat,
            Some(AskWord::Json) => PlanAsk::Json,
        },
        base_url: options.base_url.clone(),
        connection: if options.warm {
            PlanConnection::Warm
        } else {
            PlanConnection::Fresh
        },
        extra,
        max_output_tokens: options
            .max_output_tokens
            .unwrap_or(MAX_OUTPUT_TOKENS_DEFAULT),
        params: params.map(|given| (given.name, given.value)).collect(),
        pin: options.pin.clone(),
        preset: preset.to_owned(),
        stream: options.stream,
        tier: options.tier.clone(),
        wire: options.wire.clone(),
        ..PlanCall::compatible(String::new(), options.model.clone().unwrap_or_default())
    })
}

fn deadline_ms(wait: &WaitOptions) -> u32 {
    wait.deadline_s.unwrap_or(DEADLINE_S) * 1_000
}

const fn via(options: &ViaOptions) -> Option<Via> {
    match (options.gateway, options.direct) {
        (true, _) => Some(Via::Gateway),
        (false, true) => Some(Via::Direct),
        (false, false) => None,
    }
}

/// Headers beyond those of the preset. What is wrong with one is said without its value.
fn headers(given: &[SecretString]) -> anyhow::Result<Vec<(HeaderName, SecretString)>> {
    given
        .iter()
        .map(|given| {
            let (name, value) = given
                .expose_secret()
                .split_once('=')
                .context("--header is written NAME=VALUE")?;
            let name = name.trim();
            let header = HeaderName::try_from(name)
                .map_err(|_| anyhow!("--header: what stands before `=` cannot be a name"))?;
            HeaderValue::try_from(value)
                .map_err(|_| anyhow!("--header: the value of `{header}` cannot be sent"))?;
            Ok((header, value.into()))
        })
        .collect()
}

/// The target of a name, or an error that says which ones there are.
fn named(targets: &[PlanTarget], place: &TargetPlace) -> anyhow::Result<PlanTarget> {
    let found = targets
        .iter()
        .find(|target| target.id.as_str() == place.name);
    found.cloned().ok_or_else(|| {
        let ids: Vec<String> = targets
            .iter()
            .map(|target| format!("`{}`", target.id))
            .collect();
        anyhow!(
            "`{}` has no target `{}`; it has {}",
            place.file,
            place.name,
            ids.join(", ")
        )
    })
}

fn unknown_preset(name: &str) -> anyhow::Error {
    let names = preset::ALL.iter().map(|preset| preset.name);
    let hint = domain::spelling::nearest(name, names)
        .map_or_else(String::new, |name| format!("did you mean `{name}`? "));
    anyhow!("`{name}` is no preset; {hint}`nines probe --list` shows them all")
}

/// What is wrong, in terms of flags: libraries speak of the keys of a plan.
fn in_flags(error: SpecForError) -> anyhow::Error {
    let SpecForError::Target(TargetError::Call { source, .. }) = error else {
        return error.into();
    };
    let flag = match &source {
        CallError::NoModel => "give it with --model MODEL".to_owned(),
        CallError::Fill(PresetError::NoAddress { .. }) => "give it with --base-url URL".to_owned(),
        CallError::Fill(PresetError::MissingParam { param, .. }) => {
            format!("give it with --param {param}=VALUE")
        }
        _ => return anyhow::Error::new(source).context("the call cannot be made"),
    };
    anyhow::Error::new(source).context(flag)
}
