//! What the agents did, as OpenTelemetry writes it: OTLP/JSON, one request a line, with the attributes of its conventions
//! for generative AI.

use crate::cast::{Agent, INDEX, Model, SCOUT, base_in_use};
use crate::steps::{Step, span_id, trace_id};
use crate::year::{Answer, Search};

/// A line an answer.
pub(crate) fn lines(answers: &[Answer]) -> String {
    answers.iter().map(line).collect()
}

fn line(answer: &Answer) -> String {
    let mut spans = vec![run(answer, Step::Run, answer.agent), asked(answer, Step::Ask, answer.model)];
    if answer.search == Search::New {
        spans.push(run(answer, Step::Scout, &SCOUT));
        spans.push(asked(answer, Step::Phrase, base_in_use(answer.month)));
        let looked = [("gen_ai.operation.name", "retrieval"), ("gen_ai.data_source.id", INDEX)];
        spans.push(span(answer, Step::Look, &format!("retrieval {INDEX}"), &looked, ""));
    }
    let resource = format!(r#"{{"attributes":[{}]}}"#, attribute("service.name", "lantern"));
    let scope = format!(r#"{{"scope":{{"name":"assistant"}},"spans":[{}]}}"#, spans.join(","));
    format!(r#"{{"resourceSpans":[{{"resource":{resource},"scopeSpans":[{scope}]}}]}}"#) + "\n"
}

/// An agent at work; the one that answers links to the search that it reuses.
fn run(answer: &Answer, step: Step, agent: &Agent) -> String {
    let attributes = [("gen_ai.operation.name", "invoke_agent"), ("gen_ai.agent.name", agent.name)];
    let link = match (step, &answer.search) {
        (Step::Run, Search::Of { month, number }) => format!(
            r#","links":[{{"traceId":"{}","spanId":"{}"}}]"#,
            trace_id(*month, *number),
            span_id(*month, *number, Step::Scout)
        ),
        _ => String::new(),
    };
    span(answer, step, &format!("invoke_agent {}", agent.name), &attributes, &link)
}

fn asked(answer: &Answer, step: Step, model: &Model) -> String {
    let attributes = [
        ("gen_ai.operation.name", "chat"),
        ("gen_ai.provider.name", model.builder),
        ("gen_ai.request.model", model.name),
    ];
    span(answer, step, &format!("chat {}", model.name), &attributes, "")
}

fn span(answer: &Answer, step: Step, name: &str, attributes: &[(&str, &str)], more: &str) -> String {
    let (month, number) = (answer.month, answer.number);
    let (began, ended) = step.before();
    let parent = match step {
        Step::Run => String::new(),
        Step::Ask | Step::Scout => parent(answer, Step::Run),
        Step::Phrase | Step::Look => parent(answer, Step::Scout),
    };
    let (trace, id) = (trace_id(month, number), span_id(month, number, step));
    let (start, end) = (answer.time - began, answer.time - ended);
    // In nanoseconds, as text.
    let times = format!(r#""startTimeUnixNano":"{start}000000000","endTimeUnixNano":"{end}000000000""#);
    let attributes: Vec<String> = attributes.iter().map(|(key, value)| attribute(key, value)).collect();
    let attributes = attributes.join(",");
    let ids = format!(r#""traceId":"{trace}","spanId":"{id}"{parent}"#);
    format!(r#"{{{ids},"name":"{name}","kind":1,{times},"attributes":[{attributes}]{more}}}"#)
}

fn parent(answer: &Answer, step: Step) -> String {
    format!(r#","parentSpanId":"{}""#, span_id(answer.month, answer.number, step))
}

fn attribute(key: &str, value: &str) -> String {
    format!(r#"{{"key":"{key}","value":{{"stringValue":"{value}"}}}}"#)
}
