//! Prompts and expectations of one's own.

use anyhow::Context as _;
use probe::Ask;
use probe::ask::Expectation;

use super::options::CallOptions;

/// What the command line asks in words of its own; `None` where it names a question of ours.
pub(super) fn of(options: &CallOptions) -> anyhow::Result<Option<Ask>> {
    let Some(file) = &options.prompt_file else {
        return Ok(None);
    };
    let read =
        |file| std::fs::read_to_string(file).with_context(|| format!("cannot read `{file}`"));
    let prompt = read(file)?;
    let prompt = prompt
        .trim_end()
        .parse()
        .with_context(|| format!("`{file}` cannot be asked"))?;
    let expected = (
        &options.expect_text,
        &options.expect_regex,
        &options.expect_schema,
    );
    let expect = match expected {
        (Some(text), ..) => Expectation::Exact(text.parse().context("--expect-text")?),
        (_, Some(pattern), _) => Expectation::Regex(pattern.parse().context("--expect-regex")?),
        (_, _, Some(file)) => {
            let schema = read(file)?;
            let schema = schema
                .parse()
                .with_context(|| format!("the schema in `{file}` cannot be used"))?;
            Expectation::JsonSchema(schema)
        }
        _ => Expectation::Any,
    };
    Ok(Some(Ask::Custom { prompt, expect }))
}
