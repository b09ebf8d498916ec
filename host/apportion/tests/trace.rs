//! What operators see by the crate `tracing`: which spans there are, inside which others, and what is never in them.

#![allow(clippy::unwrap_used, reason = "tests say what must be")]

use std::cell::RefCell;
use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use apportion::charter::{Appointment, OnFault};
use apportion::{Charter, Engine, Epoch, History, settle};
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

thread_local! {
    /// The numbers of the spans that this thread is in.
    static STACK: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// Keeps everything that is reported.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<Recorded>>>);

/// A span, or an event.
#[derive(Clone)]
struct Recorded {
    /// A span's name, or an event's message.
    name: String,
    /// Of the span around it.
    parent: Option<String>,
    level: Level,
    fields: String,
    is_span: bool,
}

impl Recorder {
    fn add(&self, recorded: Recorded) -> u64 {
        let mut all = self.0.lock().unwrap();
        all.push(recorded);
        all.len() as u64
    }

    fn parent(&self) -> Option<String> {
        let number = STACK.with_borrow(|stack| stack.last().copied())?;
        Some(self.0.lock().unwrap()[usize::try_from(number - 1).unwrap()].name.clone())
    }

    /// Everything of this name, each with the name of the span around it.
    fn parents(&self, name: &str) -> Vec<Option<String>> {
        let all = self.0.lock().unwrap();
        all.iter().filter(|recorded| recorded.name == name).map(|recorded| recorded.parent.clone()).collect()
    }
}

#[derive(Default)]
struct Fields {
    message: String,
    others: String,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            write!(self.others, "{field}={value:?} ").unwrap();
        }
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "apportion"
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        span.record(&mut fields);
        let metadata = span.metadata();
        Id::from_u64(self.add(Recorded {
            name: metadata.name().to_owned(),
            parent: self.parent(),
            level: *metadata.level(),
            fields: fields.others,
            is_span: true,
        }))
    }

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.add(Recorded {
            name: fields.message,
            parent: self.parent(),
            level: *event.metadata().level(),
            fields: fields.others,
            is_span: false,
        });
    }

    fn enter(&self, span: &Id) {
        STACK.with_borrow_mut(|stack| stack.push(span.into_u64()));
    }

    fn exit(&self, span: &Id) {
        assert_eq!(STACK.with_borrow_mut(Vec::pop), Some(span.into_u64()));
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
}

#[test]
fn spans_and_events_show_the_work_and_nothing_of_payees() {
    let recorder = Recorder::default();
    tracing::subscriber::set_global_default(recorder.clone()).unwrap();
    let read = |path: &str| std::fs::read(format!("../../{path}")).unwrap();
    let engine = Engine::new().unwrap();
    let equal = engine.admit(&read("policies/dist/equal.wasm")).unwrap();
    let proportional = engine.admit(&read("policies/dist/proportional.wasm")).unwrap();
    engine.admit(&read("policies/dist/equal.wasm")).unwrap();
    let epoch = Epoch::from_bytes(&read("tests/golden/cooperative.epoch")).unwrap();
    let mut terms = Charter::single("Cooperative", &equal, json!({})).unwrap().terms().clone();
    terms.policies.push(Appointment::new(&proportional, 1, json!({})));
    terms.on_fault = OnFault::Retain; // `proportional` has nothing to go by
    let charter = Charter::new(terms).unwrap();
    settle(&epoch, &charter, &[equal, proportional], &History::default()).unwrap();

    let inside = |name: &str| Some(name.to_owned());
    assert_eq!(recorder.parents("admit"), [None, None]);
    assert_eq!(recorder.parents("compile"), [inside("admit"), inside("admit")]);
    assert_eq!(recorder.parents("found in memory"), [None]);
    assert_eq!(recorder.parents("settle"), [None]);
    assert_eq!(recorder.parents("run"), [inside("settle"), inside("settle")], "on threads of their own");
    assert_eq!(recorder.parents("ran"), [inside("run"), inside("run")]);
    assert_eq!(recorder.parents("fault"), [inside("run")]);

    let all = recorder.0.lock().unwrap().clone();
    for recorded in &all {
        assert_eq!(
            recorded.level,
            if recorded.is_span { Level::INFO } else { Level::DEBUG },
            "{}",
            recorded.name
        );
        let named = epoch.payees().iter().find(|payee| recorded.fields.contains(*payee));
        assert_eq!(named, None, "{}: {}", recorded.name, recorded.fields);
    }
    let fields = |name: &str| &all.iter().find(|recorded| recorded.name == name).unwrap().fields;
    assert!(fields("ran").contains("instructions="), "{}", fields("ran"));
    assert_eq!(fields("fault"), "code=bad-parameters ", "and not the policy's sentence");
}
