//! Parameters checked against a policy's schema, on the compilers' threads where that is much work.

use std::sync::Arc;

use serde_json::Value;

use super::schema::Schema;
use crate::host_error::HostError;
use crate::runtime::Runtime;
use apportion_core::error::ErrorKind;
use apportion_core::text::visible;

/// The longest sentence about parameters, in bytes.
const MAX_SENTENCE: usize = 1024;

/// Parameters that a policy's schema does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the parameters break the schema of `{policy}`: {}", .breaches.join("; "))]
#[non_exhaustive]
pub struct ParametersError {
    /// The policy's name.
    pub policy: String,
    /// What is wrong, each with its place in the parameters. At most 20.
    pub breaches: Vec<String>,
}

impl ParametersError {
    /// Whose fault it is: [`ErrorKind::Input`].
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Input
    }
}

/// Why parameters could not be found to match a policy's schema.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// The schema does not allow them.
    #[error(transparent)]
    Parameters(#[from] ParametersError),
    /// The host could not finish checking them.
    #[error(transparent)]
    Host(#[from] HostError),
}

impl CheckError {
    /// Whose fault it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            CheckError::Parameters(error) => error.kind(),
            CheckError::Host(error) => error.kind(),
        }
    }
}

/// The compiled schema of a policy's parameters.
#[derive(Clone)]
pub(crate) struct ParameterSchema(Arc<Schema>);

impl ParameterSchema {
    /// Compiles a schema, or says what is wrong with it. On the compilers' threads unless it is small, because a schema is a
    /// stranger's too and takes what it takes.
    pub(crate) fn compile(
        runtime: &Runtime,
        text: &str,
    ) -> Result<Result<ParameterSchema, String>, HostError> {
        let compiled = match Schema::compile_small(text) {
            Some(compiled) => compiled,
            None => {
                let text = text.to_owned();
                runtime.compile(move || Schema::compile(&text))?
            }
        };
        Ok(compiled.map(|schema| ParameterSchema(Arc::new(schema))))
    }

    /// The schema as it was written.
    pub(super) fn text(&self) -> &Value {
        self.0.text()
    }

    /// What is wrong with the parameters of the policy of this name. Much work is done where it can be left behind; little
    /// must not wait there behind a stranger's slow component.
    pub(super) fn check(
        &self,
        runtime: &Runtime,
        policy: &str,
        parameters: &Value,
    ) -> Result<(), CheckError> {
        let refused = |breaches| ParametersError { policy: policy.to_owned(), breaches };
        let steps = self.0.count_work(parameters);
        let steps = steps.map_err(|problem| refused(vec![visible(&problem, MAX_SENTENCE)]))?;
        let breaches = if steps.are_few() {
            self.0.breaches(parameters)
        } else {
            let (schema, parameters) = (Arc::clone(&self.0), parameters.clone());
            runtime.compile(move || schema.breaches(&parameters))?
        };
        if breaches.is_empty() { Ok(()) } else { Err(refused(breaches).into()) }
    }
}
