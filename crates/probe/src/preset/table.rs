//! The presets. What each line rests on is in `docs/providers.md`, which a test holds to this list.

use super::{KeyPlace, Preset, SecondKey};
use crate::spec::{ModelMatch, TokenField, Via};
use crate::wire::Wire;

/// What most compatible servers are like; presets say where they differ.
const COMPATIBLE: Preset = Preset {
    name: "openai-compatible",
    wires: &[
        Wire::Chat,
        Wire::Responses,
        Wire::Messages,
        Wire::Embeddings,
        Wire::Models,
    ],
    base_url: None,
    query: None,
    auth: KeyPlace::Bearer,
    key_env: "OPENAI_API_KEY",
    second_key: None,
    headers: &[],
    extra: None,
    token_field: TokenField::MaxTokens,
    via: Via::Direct,
    model_match: ModelMatch::Prefix,
    prices: None,
    client_waits_s: None,
};

/// A provider that speaks chat completions and lists its models.
const CHAT: &[Wire] = &[Wire::Chat, Wire::Models];
/// The same, with embeddings.
const CHAT_AND_EMBEDDINGS: &[Wire] = &[Wire::Chat, Wire::Embeddings, Wire::Models];
/// A gateway that passes three wires on.
const GATEWAY: &[Wire] = &[
    Wire::Chat,
    Wire::Responses,
    Wire::Messages,
    Wire::Embeddings,
    Wire::Models,
];

/// Every preset, in the order of `docs/providers.md`.
pub const ALL: &[Preset] = &[
    Preset {
        name: "openai",
        wires: &[Wire::Chat, Wire::Responses, Wire::Embeddings, Wire::Models],
        base_url: Some("https://api.openai.com/v1"),
        token_field: TokenField::MaxCompletionTokens,
        prices: Some("openai"),
        client_waits_s: Some(600),
        ..COMPATIBLE
    },
    Preset {
        name: "anthropic",
        wires: &[Wire::Messages, Wire::Models],
        base_url: Some("https://api.anthropic.com/v1"),
        auth: KeyPlace::Header("x-api-key"),
        key_env: "ANTHROPIC_API_KEY",
        headers: &[("anthropic-version", "2023-06-01")],
        prices: Some("anthropic"),
        client_waits_s: Some(600),
        ..COMPATIBLE
    },
    Preset {
        name: "gemini",
        wires: &[Wire::Gemini, Wire::Models],
        base_url: Some("https://generativelanguage.googleapis.com/v1beta"),
        auth: KeyPlace::Header("x-goog-api-key"),
        key_env: "GEMINI_API_KEY",
        prices: Some("gemini"),
        ..COMPATIBLE
    },
    Preset {
        name: "vertex",
        wires: &[Wire::Gemini],
        base_url: Some(
            "https://{location}-aiplatform.googleapis.com/v1/projects/{project}/locations/{location}/publishers/google",
        ),
        key_env: "VERTEX_ACCESS_TOKEN",
        prices: Some("vertex_ai"),
        ..COMPATIBLE
    },
    Preset {
        name: "azure-openai",
        wires: &[Wire::Chat, Wire::Responses, Wire::Embeddings, Wire::Models],
        base_url: Some("https://{resource}.openai.azure.com/openai/v1"),
        auth: KeyPlace::Header("api-key"),
        key_env: "AZURE_OPENAI_API_KEY",
        token_field: TokenField::MaxCompletionTokens,
        // The model asked for is the deployment's name.
        model_match: ModelMatch::RecordOnly,
        prices: Some("azure"),
        client_waits_s: Some(600),
        ..COMPATIBLE
    },
    Preset {
        name: "bedrock",
        wires: &[Wire::Converse],
        base_url: Some("https://bedrock-runtime.{region}.amazonaws.com"),
        auth: KeyPlace::SigV4,
        key_env: "AWS_BEDROCK_KEY",
        prices: Some("bedrock"),
        client_waits_s: Some(60),
        ..COMPATIBLE
    },
    Preset {
        name: "mistral",
        wires: CHAT_AND_EMBEDDINGS,
        base_url: Some("https://api.mistral.ai/v1"),
        key_env: "MISTRAL_API_KEY",
        prices: Some("mistral"),
        ..COMPATIBLE
    },
    Preset {
        name: "deepseek",
        wires: CHAT,
        base_url: Some("https://api.deepseek.com"),
        key_env: "DEEPSEEK_API_KEY",
        extra: Some(r#"{"thinking":{"type":"disabled"}}"#),
        prices: Some("deepseek"),
        ..COMPATIBLE
    },
    Preset {
        name: "qwen",
        wires: CHAT_AND_EMBEDDINGS,
        base_url: Some("https://dashscope-intl.aliyuncs.com/compatible-mode/v1"),
        key_env: "DASHSCOPE_API_KEY",
        extra: Some(r#"{"enable_thinking":false}"#),
        prices: Some("dashscope"),
        ..COMPATIBLE
    },
    Preset {
        name: "groq",
        wires: CHAT,
        base_url: Some("https://api.groq.com/openai/v1"),
        key_env: "GROQ_API_KEY",
        prices: Some("groq"),
        ..COMPATIBLE
    },
    Preset {
        name: "together",
        wires: CHAT_AND_EMBEDDINGS,
        base_url: Some("https://api.together.xyz/v1"),
        key_env: "TOGETHER_API_KEY",
        prices: Some("together_ai"),
        ..COMPATIBLE
    },
    Preset {
        name: "fireworks",
        wires: CHAT_AND_EMBEDDINGS,
        base_url: Some("https://api.fireworks.ai/inference/v1"),
        key_env: "FIREWORKS_API_KEY",
        model_match: ModelMatch::RecordOnly,
        prices: Some("fireworks_ai"),
        ..COMPATIBLE
    },
    Preset {
        name: "openrouter",
        wires: GATEWAY,
        base_url: Some("https://openrouter.ai/api/v1"),
        key_env: "OPENROUTER_API_KEY",
        headers: &[("x-openrouter-metadata", "enabled")],
        via: Via::Gateway,
        prices: Some("openrouter"),
        ..COMPATIBLE
    },
    Preset {
        name: "litellm",
        wires: GATEWAY,
        key_env: "LITELLM_API_KEY",
        via: Via::Gateway,
        // Streams name the group of deployments, not the model.
        model_match: ModelMatch::RecordOnly,
        ..COMPATIBLE
    },
    Preset {
        name: "portkey",
        wires: GATEWAY,
        base_url: Some("https://api.portkey.ai/v1"),
        key_env: "OPENAI_API_KEY",
        second_key: Some(SecondKey {
            header: "x-portkey-api-key",
            before: "",
        }),
        via: Via::Gateway,
        ..COMPATIBLE
    },
    Preset {
        name: "tokenmix",
        wires: CHAT,
        base_url: Some("https://api.tokenmix.ai/v1"),
        key_env: "TOKENMIX_API_KEY",
        via: Via::Gateway,
        ..COMPATIBLE
    },
    Preset {
        name: "cloudflare-ai-gateway",
        wires: CHAT,
        base_url: Some("https://gateway.ai.cloudflare.com/v1/{account}/{gateway}/compat"),
        key_env: "OPENAI_API_KEY",
        second_key: Some(SecondKey {
            header: "cf-aig-authorization",
            before: "Bearer ",
        }),
        // A probe that a cache answers measures the cache; its log must not keep our prompt.
        headers: &[
            ("cf-aig-skip-cache", "true"),
            ("cf-aig-collect-log-payload", "false"),
        ],
        via: Via::Gateway,
        ..COMPATIBLE
    },
    COMPATIBLE,
];
