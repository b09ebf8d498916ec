//! OpenTelemetry's semantic conventions for generative AI: what the attributes of a span say it was, used and made.
//!
//! They are still in development. What is read are the names of open-telemetry/semantic-conventions-genai, and of
//! earlier versions what has been renamed since.

use apportion_core::text::MAX_NAME;

use crate::problem::shortened;

use super::super::draft::Value;
use super::super::json::{self, Json, Object, get};
use super::attributes::Attributes;
use super::span::{Agent, Span, Thing, number};

/// What is said of all content, which is private: not even its keys are listed.
pub(super) const CONTENT: &str = "content of messages, tool calls, documents and memories, which is private";

/// Whether an attribute or an event holds what people, models and tools said to each other, so that it can be no
/// column. Of documents and memories nothing is read but which they are.
pub(crate) fn is_content(name: &str) -> bool {
    CONTENTS.contains(&name)
        || [DOCUMENTS, MEMORIES].contains(&name)
        || ["gen_ai.prompt.", "gen_ai.completion."].iter().any(|old| {
            // Numbered messages of earlier days: `gen_ai.prompt.0.content`.
            name.strip_prefix(old).is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
        })
}

const CONTENTS: &[&str] = &[
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.system_instructions",
    "gen_ai.tool.definitions",
    "gen_ai.tool.description",
    "gen_ai.tool.call.arguments",
    "gen_ai.tool.call.result",
    "gen_ai.agent.description",
    "gen_ai.retrieval.query.text",
    "gen_ai.memory.query.text",
    "gen_ai.evaluation.explanation",
    // Before 1.37.
    "gen_ai.prompt",
    "gen_ai.completion",
    // Events.
    "gen_ai.client.inference.operation.details",
    "gen_ai.system.message",
    "gen_ai.user.message",
    "gen_ai.assistant.message",
    "gen_ai.tool.message",
    "gen_ai.choice",
    "gen_ai.content.prompt",
    "gen_ai.content.completion",
];

const OPERATION: &str = "gen_ai.operation.name";
const USAGE: &str = "gen_ai.usage.";
const DOCUMENTS: &str = "gen_ai.retrieval.documents";
const MEMORIES: &str = "gen_ai.memory.records";

/// Whether [`interpret`] reads an attribute.
pub(super) fn is_read(name: &str) -> bool {
    name.starts_with(USAGE) || READ.contains(&name)
}

const READ: &[&str] = &[
    OPERATION,
    DOCUMENTS,
    MEMORIES,
    "gen_ai.provider.name",
    "gen_ai.system",
    "gen_ai.request.model",
    "gen_ai.response.model",
    "gen_ai.agent.id",
    "gen_ai.agent.name",
    "gen_ai.workflow.name",
    "gen_ai.tool.name",
    "gen_ai.data_source.id",
    "gen_ai.memory.store.id",
    "gen_ai.memory.record.id",
    "mcp.method.name",
    "mcp.resource.uri",
];

/// Adds to a span what its attributes say. True if there was content among them.
pub(super) fn interpret(
    attributes: &Attributes,
    span: &mut Span,
    left_out: &mut Vec<String>,
) -> Result<bool, String> {
    let operation = text(attributes, OPERATION)?;
    span.kind = operation.map_or(OTHER, |operation| kind(operation, left_out));
    if let Some(operation) = operation {
        span.columns.insert(OPERATION.to_owned(), Value::text(operation));
    }
    agent(attributes, span)?;
    model(attributes, span)?;
    for (name, kind) in [
        ("gen_ai.tool.name", "tool"),
        ("gen_ai.data_source.id", "data-source"),
        ("gen_ai.memory.store.id", "memory-store"),
    ] {
        span.used.extend(text(attributes, name)?.map(|id| (Thing::new(kind, id), None)));
    }
    if text(attributes, "mcp.method.name")? == Some("resources/read") {
        let uri = text(attributes, "mcp.resource.uri")?;
        span.used.extend(uri.map(|uri| (Thing::new("document", uri), None)));
    }
    usage(attributes, span, left_out);
    let mut has_content = false;
    for (id, score) in found(DOCUMENTS, attributes, left_out, &mut has_content) {
        keep_best(span, Thing::new("document", &id), score);
    }
    memories(attributes, operation, span, left_out, &mut has_content)?;
    Ok(has_content)
}

/// An attribute that is a short text, if it is there and not empty.
fn text<'a>(attributes: &'a Attributes, name: &str) -> Result<Option<&'a str>, String> {
    let text = get(attributes, name, Json::text).map_err(|wrong| format!("the attribute {wrong}"))?;
    // What is read as text is an id or part of one, which many spans may have.
    match text.filter(|text| text.len() > MAX_NAME) {
        Some(long) => {
            Err(format!("the attribute `{name}` is {} bytes long; {MAX_NAME} are allowed", long.len()))
        }
        None => Ok(text.filter(|text| !text.is_empty())),
    }
}

fn agent(attributes: &Attributes, span: &mut Span) -> Result<(), String> {
    let name = text(attributes, "gen_ai.agent.name")?.or(text(attributes, "gen_ai.workflow.name")?);
    if let Some(id) = text(attributes, "gen_ai.agent.id")?.or(name) {
        span.agent = Some(Agent { id: format!("agent:{id}"), name: name.map(str::to_owned) });
    }
    Ok(())
}

fn model(attributes: &Attributes, span: &mut Span) -> Result<(), String> {
    let provider =
        text(attributes, "gen_ai.provider.name")?.or(text(attributes, "gen_ai.system")?).map(provider);
    let (exact, asked) =
        (text(attributes, "gen_ai.response.model")?, text(attributes, "gen_ai.request.model")?);
    if let Some(model) = exact.or(asked) {
        let model = provider.map_or_else(|| model.to_owned(), |provider| format!("{provider}/{model}"));
        span.used.insert(Thing::new("model", &model), None);
    }
    Ok(())
}

/// What was remembered in one trace and is found in another is used there.
fn memories(
    attributes: &Attributes,
    operation: Option<&str>,
    span: &mut Span,
    left_out: &mut Vec<String>,
    has_content: &mut bool,
) -> Result<(), String> {
    let store = text(attributes, "gen_ai.memory.store.id")?;
    let memory = |id: &str| match store {
        Some(store) => Thing::new("memory", &format!("{store}/{id}")),
        None => Thing::new("memory", id),
    };
    let mut memories = found(MEMORIES, attributes, left_out, has_content);
    memories.extend(text(attributes, "gen_ai.memory.record.id")?.map(|id| (id.to_owned(), None)));
    for (id, score) in memories {
        match operation {
            Some("create_memory" | "update_memory" | "upsert_memory") => {
                span.generated.insert(memory(&id));
            }
            Some("search_memory") => keep_best(span, memory(&id), score),
            _ => left_out.push("a memory of a span that neither wrote nor searched it".to_owned()),
        }
    }
    Ok(())
}

/// The kind of node of a span that is none of those that have kinds of their own.
const OTHER: &str = "span";

fn kind(operation: &str, left_out: &mut Vec<String>) -> &'static str {
    match operation {
        "chat" | "generate_content" | "text_completion" | "embeddings" => "model-call",
        "invoke_agent" | "invoke_workflow" => "agent-run",
        "execute_tool" => "tool-call",
        "retrieval" | "search_memory" => "retrieval",
        "create_agent"
        | "plan"
        | "create_memory_store"
        | "create_memory"
        | "update_memory"
        | "upsert_memory"
        | "delete_memory"
        | "delete_memory_store" => OTHER,
        unknown => {
            let unknown = shortened(unknown);
            left_out.push(format!(
                "the meaning of the operation `{}`: its spans are spans",
                unknown.escape_debug()
            ));
            OTHER
        }
    }
}

/// The provider's name of today.
fn provider(name: &str) -> &str {
    match name {
        "vertex_ai" => "gcp.vertex_ai",
        "gemini" => "gcp.gemini",
        "az.ai.inference" => "azure.ai.inference",
        "az.ai.openai" => "azure.ai.openai",
        "xai" => "x_ai",
        name => name,
    }
}

/// How many tokens, and what else is counted of use, are numbers of the span.
fn usage(attributes: &Attributes, span: &mut Span, left_out: &mut Vec<String>) {
    for (written, value) in attributes.iter().filter(|(name, _)| name.starts_with(USAGE)) {
        let name = match written.as_str() {
            "gen_ai.usage.prompt_tokens" => "gen_ai.usage.input_tokens",
            "gen_ai.usage.completion_tokens" => "gen_ai.usage.output_tokens",
            name => name,
        };
        if name != written && attributes.contains_key(name) {
            left_out.push(format!("the attribute `{written}` of a span that has `{name}`"));
            continue;
        }
        let number = match value {
            Json::Integer(_) | Json::Fraction(_) => number(value).ok(),
            _ => None,
        };
        match number {
            Some(number) => {
                span.columns.insert(name.to_owned(), number);
            }
            None => left_out.push(format!(
                "the attribute `{}`, where it is no number",
                shortened(written).escape_debug()
            )),
        }
    }
}

/// The ids and scores in a list of documents or memories, which is there as such or as JSON in text.
fn found(
    name: &str,
    attributes: &Attributes,
    left_out: &mut Vec<String>,
    has_content: &mut bool,
) -> Vec<(String, Option<Value>)> {
    let Some(value) = attributes.get(name).filter(|value| **value != Json::Null) else { return Vec::new() };
    let parsed = match value {
        // Text can be cut off by a limit of the sender.
        Json::Text(text) => json::parse(text).ok(),
        _ => None,
    };
    let Json::List(list) = parsed.as_ref().unwrap_or(value) else {
        left_out.push(format!("what `{name}` holds where it is no list"));
        return Vec::new();
    };
    let mut found = Vec::new();
    for item in list {
        let Json::Object(item) = item else {
            left_out.push(format!("an item of `{name}` without an id"));
            continue;
        };
        *has_content |= item.keys().any(|key| !["id", "score"].contains(&key.as_str()));
        match id_of(item) {
            Some(id) => {
                let score = item.get("score").filter(|score| **score != Json::Null).map(number);
                if let Some(Err(_)) = score {
                    left_out.push(format!("a score in `{name}` that is no number"));
                }
                found.push((id, score.and_then(Result::ok)));
            }
            None => left_out.push(format!("an item of `{name}` without an id")),
        }
    }
    found
}

fn id_of(item: &Object) -> Option<String> {
    match item.get("id")? {
        Json::Text(id) if !id.is_empty() => Some(id.clone()),
        Json::Integer(id) => Some(id.to_string()),
        _ => None,
    }
}

/// A document of which several parts were found is used as well as the best of them.
fn keep_best(span: &mut Span, thing: Thing, score: Option<Value>) {
    let known = span.used.entry(thing).or_default();
    let is_better = match (&score, &known) {
        (Some(score), Some(known)) => score.order(known).is_gt(),
        (score, _) => score.is_some(),
    };
    if is_better {
        *known = score;
    }
}
