"""Asks a simulated provider through the provider's own SDK: sdks.py WIRE BASE_URL

Prints a JSON line for every case: what was asked, which exception came, with which HTTP status, and what
the SDK lacked in an answer. Says nothing about what should have come. SDKs are told not to try
again, and are imported only when their wire is asked for, since that takes seconds.
"""

import json
import sys

KEY = "sk-sim"
NONCE = "pong-5d0c2e"
PROMPT = f"Reply with exactly: {NONCE}"
MESSAGES = [{"role": "user", "content": PROMPT}]
# Enough for every tokeniser, and below what any model refuses.
OUTPUT_TOKENS_MAX = 64
TIMEOUT_S = 30


def openai_chat(client, model, stream):
    asked = dict(model=model, messages=MESSAGES, max_completion_tokens=OUTPUT_TOKENS_MAX)
    if not stream:
        answer = client.chat.completions.create(**asked)
        choice = answer.choices[0]
        tokens, request = answer.usage.completion_tokens, answer._request_id
        return choice.message.content, choice.finish_reason, tokens, request
    text, finish, tokens = "", None, None
    options = {"include_usage": True}
    for chunk in client.chat.completions.create(**asked, stream=True, stream_options=options):
        for choice in chunk.choices:
            text += choice.delta.content or ""
            finish = choice.finish_reason or finish
        tokens = chunk.usage.completion_tokens if chunk.usage else tokens
    return text, finish, tokens, True


def openai(base, key):
    import openai

    return openai.OpenAI(base_url=f"{base}/v1", api_key=key, max_retries=0, timeout=TIMEOUT_S)


def azure(base, key):
    import openai

    return openai.AzureOpenAI(
        azure_endpoint=base, api_version="2024-10-21", api_key=key, max_retries=0, timeout=TIMEOUT_S
    )


def openai_responses(client, model, stream):
    asked = dict(model=model, input=PROMPT, max_output_tokens=OUTPUT_TOKENS_MAX)
    if not stream:
        answer = client.responses.create(**asked)
        return answer.output_text, answer.status, answer.usage.output_tokens, answer._request_id
    text, finish, tokens = "", None, None
    for event in client.responses.create(**asked, stream=True):
        if event.type == "response.output_text.delta":
            text += event.delta
        elif event.type == "response.completed":
            finish, tokens = event.response.status, event.response.usage.output_tokens
    return text, finish, tokens, True


def anthropic(base, key):
    import anthropic

    return anthropic.Anthropic(base_url=base, api_key=key, max_retries=0, timeout=TIMEOUT_S)


def anthropic_messages(client, model, stream):
    asked = dict(model=model, messages=MESSAGES, max_tokens=OUTPUT_TOKENS_MAX)
    if not stream:
        answer = client.messages.create(**asked)
        text = "".join(block.text for block in answer.content if block.type == "text")
        return text, answer.stop_reason, answer.usage.output_tokens, answer._request_id
    with client.messages.stream(**asked) as events:
        text = "".join(events.text_stream)
        answer = events.get_final_message()
    return text, answer.stop_reason, answer.usage.output_tokens, events.request_id


def google_options(base):
    from google.genai import types

    return types.HttpOptions(
        base_url=base, timeout=TIMEOUT_S * 1000, retry_options=types.HttpRetryOptions(attempts=1)
    )


def gemini(base, key):
    from google import genai

    return genai.Client(api_key=key, http_options=google_options(base))


def vertex(base, key):
    from google import genai
    from google.oauth2.credentials import Credentials

    return genai.Client(
        vertexai=True,
        project="nines",
        location="europe-west4",
        credentials=Credentials(token=key),
        http_options=google_options(base),
    )


def google_generate(client, model, stream):
    from google.genai import types

    config = types.GenerateContentConfig(max_output_tokens=OUTPUT_TOKENS_MAX)
    asked = dict(model=model, contents=PROMPT, config=config)
    if stream:
        answers = list(client.models.generate_content_stream(**asked))
    else:
        answers = [client.models.generate_content(**asked)]
    text = "".join(answer.text or "" for answer in answers)
    last = answers[-1]
    return text, last.candidates[0].finish_reason, last.usage_metadata.candidates_token_count, True


def mistral(base, key):
    from mistralai.client import Mistral

    # The simulator serves on one port what providers serve on hosts of their own.
    return Mistral(api_key=key, server_url=f"{base}/mistral", timeout_ms=TIMEOUT_S * 1000)


def mistral_chat(client, model, stream):
    asked = dict(model=model, messages=MESSAGES, max_tokens=OUTPUT_TOKENS_MAX)
    if not stream:
        answer = client.chat.complete(**asked)
        choice = answer.choices[0]
        return choice.message.content, choice.finish_reason, answer.usage.completion_tokens, True
    text, finish, tokens = "", None, None
    for event in client.chat.stream(**asked):
        for choice in event.data.choices:
            text += choice.delta.content or ""
            finish = choice.finish_reason or finish
        tokens = event.data.usage.completion_tokens if event.data.usage else tokens
    return text, finish, tokens, True


def bedrock(base, key):
    import boto3
    from botocore.config import Config

    # Signed, because the SDK gives a bearer key to HTTPS endpoints only.
    return boto3.client(
        "bedrock-runtime",
        endpoint_url=base,
        region_name="eu-central-1",
        aws_access_key_id=key,
        aws_secret_access_key=f"secret of {key}",
        config=Config(retries={"total_max_attempts": 1}, read_timeout=TIMEOUT_S),
    )


def bedrock_converse(client, model, stream):
    asked = dict(
        modelId=model,
        messages=[{"role": "user", "content": [{"text": PROMPT}]}],
        inferenceConfig={"maxTokens": OUTPUT_TOKENS_MAX},
    )
    if not stream:
        answer = client.converse(**asked)
        text = "".join(part["text"] for part in answer["output"]["message"]["content"])
        request = answer["ResponseMetadata"].get("RequestId")
        return text, answer["stopReason"], answer["usage"]["outputTokens"], request
    answer = client.converse_stream(**asked)
    text, finish, tokens = "", None, None
    for event in answer["stream"]:
        text += event.get("contentBlockDelta", {}).get("delta", {}).get("text", "")
        finish = event.get("messageStop", {}).get("stopReason", finish)
        tokens = event.get("metadata", {}).get("usage", {}).get("outputTokens", tokens)
    return text, finish, tokens, answer["ResponseMetadata"].get("RequestId")


def openrouter(base, key):
    from openrouter import OpenRouter

    return OpenRouter(
        api_key=key, server_url=f"{base}/api/v1", retry_config=None, timeout_ms=TIMEOUT_S * 1000
    )


def openrouter_chat(client, model, stream):
    asked = dict(model=model, messages=MESSAGES, max_tokens=OUTPUT_TOKENS_MAX)
    if not stream:
        answer = client.chat.send(**asked, stream=False)
        choice = answer.choices[0]
        return choice.message.content, choice.finish_reason, answer.usage.completion_tokens, True
    text, finish, tokens = "", None, None
    for chunk in client.chat.send(**asked, stream=True):
        for choice in chunk.choices:
            text += choice.delta.content or ""
            finish = choice.finish_reason or finish
        tokens = chunk.usage.completion_tokens if chunk.usage else tokens
    return text, finish, tokens, True


WIRES = {
    "openai-chat": (openai, openai_chat),
    "openai-responses": (openai, openai_responses),
    "azure": (azure, openai_chat),
    "anthropic": (anthropic, anthropic_messages),
    "gemini": (gemini, google_generate),
    "vertex": (vertex, google_generate),
    "mistral": (mistral, mistral_chat),
    "bedrock": (bedrock, bedrock_converse),
    "openrouter": (openrouter, openrouter_chat),
}

# What is asked for by which key; the simulator's script knows the models by these names.
CASES = {
    "sound": ("sim-1", KEY),
    "wrong_key": ("sim-1", "sk-wrong"),
    "unknown_model": ("no-such-model", KEY),
    "limited": ("sim-429", KEY),
    "failed": ("sim-500", KEY),
    "unavailable": ("sim-503", KEY),
    "overloaded": ("sim-529", KEY),
}


def name_of(error):
    """The exception's class; Amazon's SDK has none for some codes, and calls the others as its codes."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        return response["Error"]["Code"]
    return type(error).__name__


def status_of(error):
    """The HTTP status, wherever the SDK keeps it."""
    for name in ("status_code", "code"):
        if isinstance(getattr(error, name, None), int):
            return getattr(error, name)
    response = getattr(error, "response", None)
    return response["ResponseMetadata"]["HTTPStatusCode"] if isinstance(response, dict) else None


def run(wire, base, case, stream):
    connect, ask = WIRES[wire]
    model, key = CASES[case]
    seen = {"case": case, "stream": stream}
    try:
        text, finish, tokens, request = ask(connect(base, key), model, stream)
    except Exception as error:  # Which one it is, is what is asked for.
        return seen | {
            "exception": name_of(error),
            "status": status_of(error),
            "message": str(error)[:200],
        }
    # A model's text may end or begin in white space, which the prompt did not ask for.
    sound = {
        "text": (text or "").strip() == NONCE,
        "finish reason": finish is not None,
        "usage": bool(tokens),
        "request id": bool(request),
    }
    return seen | {"exception": None, "lacks": [part for part in sound if not sound[part]]}


def main():
    wire, base = sys.argv[1:]
    for case in CASES:
        for stream in (False, True):
            print(json.dumps(run(wire, base, case, stream)), flush=True)


main()
