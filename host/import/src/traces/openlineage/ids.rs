//! The ids of nodes: a word for what the node is, before the id that the event gives.

use super::super::json::{Object, need_id};

pub(super) fn run_id(run: &Object) -> Result<String, String> {
    // A UUID in capitals is the same UUID.
    Ok(format!("run:{}", need_id(run, "runId")?.to_ascii_lowercase()))
}

pub(super) fn job_id(job: &Object) -> Result<String, String> {
    Ok(format!("job:{}/{}", need_id(job, "namespace")?, need_id(job, "name")?))
}

pub(super) fn dataset_id(dataset: &Object) -> Result<String, String> {
    Ok(format!("dataset:{}/{}", need_id(dataset, "namespace")?, need_id(dataset, "name")?))
}
