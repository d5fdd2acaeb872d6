//! Contract templates that come with the program: what is publicly known of providers' SLAs, and
//! some shapes to fill.
//!
//! Every template is a contract that can be read, and says of every clause how well it is known.
//! None may be used in a claim before its figures were compared with the provider's own page:
//! texts change, and some of it was read in quotations only. `docs/contract-library.md` tells
//! what each promises. Not here: a provider's words, and filling in a template.

#[cfg(test)]
mod tests;

use domain::spelling;

/// One template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Template {
    /// Its name, which is the `id` of its contract.
    pub name: &'static str,
    /// What it is, in one line.
    pub title: &'static str,
    /// The contract, as [`crate::Contract::parse`] reads it.
    pub toml: &'static str,
}

/// All templates, by name.
pub const TEMPLATES: &[Template] = &[
    Template {
        name: "alibaba-model-studio",
        title: "Alibaba Model Studio: 99.9 % by five-minute intervals, after sibling texts",
        toml: include_str!("../contracts/alibaba-model-studio.toml"),
    },
    Template {
        name: "anthropic-priority-tier",
        title: "Anthropic Priority Tier: a target of 99.5 % without remedy",
        toml: include_str!("../contracts/anthropic-priority-tier.toml"),
    },
    Template {
        name: "atlassian",
        title: "Atlassian Cloud Premium: 99.9 % of minutes, the plainest classic text",
        toml: include_str!("../contracts/atlassian.toml"),
    },
    Template {
        name: "aws-bedrock",
        title: "Amazon Bedrock: 99.9 % by five-minute intervals, per account and region",
        toml: include_str!("../contracts/aws-bedrock.toml"),
    },
    Template {
        name: "aws-service-template",
        title: "Any AWS service with the common text, such as S3 Standard",
        toml: include_str!("../contracts/aws-service-template.toml"),
    },
    Template {
        name: "azure-openai",
        title: "Azure OpenAI: 99.9 % of requests, inferred, and official latency targets",
        toml: include_str!("../contracts/azure-openai.toml"),
    },
    Template {
        name: "azure-sibling-request-ratio",
        title: "Any Azure service that counts transactions, such as API for FHIR",
        toml: include_str!("../contracts/azure-sibling-request-ratio.toml"),
    },
    Template {
        name: "azure-storage-hourly",
        title: "Azure Storage: the mean of hourly error rates",
        toml: include_str!("../contracts/azure-storage-hourly.toml"),
    },
    Template {
        name: "baseten-dedicated",
        title: "Baseten Dedicated Inference: 99.9 % of minutes, claims within 24 hours",
        toml: include_str!("../contracts/baseten-dedicated.toml"),
    },
    Template {
        name: "cloudflare-business",
        title: "Cloudflare Business: 100 %, credits in proportion to the outage",
        toml: include_str!("../contracts/cloudflare-business.toml"),
    },
    Template {
        name: "cloudflare-workers",
        title: "Cloudflare Workers: 99.99 % over thirty days",
        toml: include_str!("../contracts/cloudflare-workers.toml"),
    },
    Template {
        name: "cohere",
        title: "Cohere: 99.5 % of minutes, downtime not defined",
        toml: include_str!("../contracts/cohere.toml"),
    },
    Template {
        name: "deepseek",
        title: "DeepSeek: no SLA",
        toml: include_str!("../contracts/deepseek.toml"),
    },
    Template {
        name: "demo-direct",
        title: "Made up, for the demo: a model provider that counts minutes",
        toml: include_str!("../contracts/demo-direct.toml"),
    },
    Template {
        name: "demo-gateway",
        title: "Made up, for the demo: a gateway that averages intervals",
        toml: include_str!("../contracts/demo-gateway.toml"),
    },
    Template {
        name: "generic-gateway",
        title: "Your own gateway agreement: targets per model family, own faults only",
        toml: include_str!("../contracts/generic-gateway.toml"),
    },
    Template {
        name: "google-gemini-online",
        title: "Gemini on Google Cloud: 99.5 % of minutes, and latency of provisioned throughput",
        toml: include_str!("../contracts/google-gemini-online.toml"),
    },
    Template {
        name: "groq-performance-tier",
        title: "Groq performance tier: 99.9 %, details in your agreement",
        toml: include_str!("../contracts/groq-performance-tier.toml"),
    },
    Template {
        name: "kling",
        title: "Kling AI API: 99.90 % by five-minute intervals, vouchers",
        toml: include_str!("../contracts/kling.toml"),
    },
    Template {
        name: "mistral-basic",
        title: "Mistral AI enterprise, Basic: 99.5 % of minutes",
        toml: include_str!("../contracts/mistral-basic.toml"),
    },
    Template {
        name: "mistral-premium",
        title: "Mistral AI enterprise, Premium: 99.9 % of minutes",
        toml: include_str!("../contracts/mistral-premium.toml"),
    },
    Template {
        name: "mistral-standard",
        title: "Mistral AI enterprise, Standard: 99.9 % of minutes",
        toml: include_str!("../contracts/mistral-standard.toml"),
    },
    Template {
        name: "novita-dedicated-pro",
        title: "Novita Dedicated Endpoints, Pro: 99.5 %, coupons in proportion to the outage",
        toml: include_str!("../contracts/novita-dedicated-pro.toml"),
    },
    Template {
        name: "novita-dedicated-standard",
        title: "Novita Dedicated Endpoints, Standard: 98 %, coupons in proportion to the outage",
        toml: include_str!("../contracts/novita-dedicated-standard.toml"),
    },
    Template {
        name: "openai-fast-mode",
        title: "OpenAI Fast mode, enterprise: 99.9 % and latency targets",
        toml: include_str!("../contracts/openai-fast-mode.toml"),
    },
    Template {
        name: "openai-scale-tier",
        title: "OpenAI Scale Tier, enterprise: 99.9 % and latency targets",
        toml: include_str!("../contracts/openai-scale-tier.toml"),
    },
    Template {
        name: "openrouter",
        title: "OpenRouter: no SLA",
        toml: include_str!("../contracts/openrouter.toml"),
    },
    Template {
        name: "performance-budget",
        title: "Goals of your own team: time to first token and errors",
        toml: include_str!("../contracts/performance-budget.toml"),
    },
    Template {
        name: "tokenmix",
        title: "TokenMix.ai: no SLA",
        toml: include_str!("../contracts/tokenmix.toml"),
    },
    Template {
        name: "truefoundry",
        title: "TrueFoundry AI Gateway, Enterprise: 99.99 % of minutes",
        toml: include_str!("../contracts/truefoundry.toml"),
    },
    Template {
        name: "xai",
        title: "xAI: no SLA",
        toml: include_str!("../contracts/xai.toml"),
    },
    Template {
        name: "yandex-foundation-models",
        title: "Yandex Foundation Models: 99.90 % of minutes",
        toml: include_str!("../contracts/yandex-foundation-models.toml"),
    },
];

/// The template of a name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Template> {
    TEMPLATES.iter().find(|template| template.name == name)
}

/// The name that was probably meant, where one is near.
#[must_use]
pub fn nearest(name: &str) -> Option<&'static str> {
    spelling::nearest(name, TEMPLATES.iter().map(|template| template.name))
}
