//! `apportion policy test`: a policy over its cases.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Result, bail};
use apportion::fault::{Fault, FaultCode};
use apportion::{Limits, Policy};

use super::case::{Broken, Case, Outcome};
use super::expected::Expected;
use super::project::Project;
use crate::arguments::TestPolicyArguments;
use crate::engine::Engines;
use crate::outcome::{Failed, Refused, authors, call_lines};
use crate::print::{Lines, say, warning};
use crate::table::{count, grouped};

/// How much of a case's log is shown.
const MOST_LINES: usize = 50;

pub fn test(arguments: &TestPolicyArguments, engines: &Engines) -> Result<()> {
    let project = Project::open(&arguments.folder)?;
    let component = project.component();
    if !component.exists() {
        let folder = project.folder.display();
        bail!(Refused(format!(
            "`{}` is not there: `apportion policy build {folder}` makes it",
            component.display()
        )));
    }
    if let Some(newer) = newer_than(&component, &project) {
        warning!(
            "`{}` was changed after `{}` was built: `apportion policy build` first",
            newer.display(),
            component.display()
        );
    }
    let cases = Case::all(&project.folder)?;
    let policy = super::admitted(engines, &component)?;
    let limits = Limits { instructions: arguments.instructions, ..Limits::default() };
    let mut failed = 0_usize;
    for case in &cases {
        let outcome = case.run(&policy, limits)?;
        let verdict = verdict(case, &outcome, arguments.bless)?;
        let has_failed = matches!(verdict, Verdict::Failed(_));
        failed += usize::from(has_failed);
        let mut text = describe(case, verdict);
        if let (true, Err(Broken::Fault(fault))) = (has_failed, &outcome.got) {
            let functions = call_lines(&outcome.calls);
            let known = !functions.is_empty();
            text.append(functions);
            if fault.code == FaultCode::OutOfInstructions
                && known
                && let Some(function) = repeating(case, &policy, limits, &outcome.calls)?
            {
                say!(text, "  at a half, a third and a fifth of the way it was in `{function}` too");
            }
            say!(text, "  {}", advice(fault, &project, &limits));
        }
        if !outcome.log.is_empty() && (arguments.log || has_failed) {
            say!(text, "  the policy said:");
            text.block("  ", last_lines(&outcome.log));
        }
        text.print()?;
    }
    let cases = count(cases.len(), "case");
    let mut text = Lines::default();
    say!(text, "{cases}, {failed} failed");
    text.print()?;
    if failed == 0 { Ok(()) } else { bail!(Failed(format!("{failed} of {cases} failed"))) }
}

fn describe(case: &Case, verdict: Verdict) -> Lines {
    let mut text = Lines::default();
    match verdict {
        Verdict::Passed => say!(text, "ok       {}", case.name),
        Verdict::Blessed => say!(text, "blessed  {}", case.name),
        Verdict::Failed(why) => {
            say!(text, "FAILED   {}", case.name);
            text.append(why);
        }
    }
    text
}

enum Verdict {
    Passed,
    Blessed,
    /// Why.
    Failed(Lines),
}

fn verdict(case: &Case, outcome: &Outcome, bless: bool) -> Result<Verdict> {
    let mut why = Lines::default();
    let got = match &outcome.got {
        Ok(got) => got,
        Err(Broken::Fault(fault)) => {
            say!(why, "  {fault}");
            return Ok(Verdict::Failed(why));
        }
        Err(Broken::Parameters(problem)) => {
            say!(why, "  `{}`: {problem}", case.folder.join("parameters.json").display());
            return Ok(Verdict::Failed(why));
        }
    };
    let differences = |expected: &Expected| expected.differences(got, &case.epoch.pool().asset);
    match &case.expected {
        None => {
            say!(
                why,
                "  nothing is expected yet: `apportion policy test --bless` writes down what comes out"
            );
        }
        Some(expected) => why.append(differences(expected)),
    }
    if why.is_empty() {
        return Ok(Verdict::Passed);
    }
    if bless {
        case.bless(got)?;
        return Ok(Verdict::Blessed);
    }
    Ok(Verdict::Failed(why))
}

/// The innermost function that a run was in not only when its instructions ended but on the way there too: what loops
/// without end is in it, or in what it calls again and again.
fn repeating(case: &Case, policy: &Policy, limits: Limits, calls: &[String]) -> Result<Option<String>> {
    let mut common = calls.to_vec();
    for part in [2, 3, 5] {
        let sooner = Limits { instructions: limits.instructions / part, ..limits };
        let calls = case.run(policy, sooner)?.calls;
        let same =
            common.iter().rev().zip(calls.iter().rev()).take_while(|(one, other)| one == other).count();
        common.drain(..common.len() - same);
    }
    Ok(authors(&common).first().cloned())
}

/// What an author can do about a fault.
fn advice(fault: &Fault, project: &Project, limits: &Limits) -> String {
    let entry = project.entry();
    let entry = entry.display();
    match fault.code {
        FaultCode::OutOfInstructions => format!(
            "`allocate` in `{entry}` runs for ever, or longer than {} instructions: lines that it logs show how far it \
             came; --instructions allows more, and a charter allows {} unless it says otherwise",
            grouped(&limits.instructions.to_string()),
            grouped(&Limits::default().instructions.to_string())
        ),
        FaultCode::StackOverflow => format!("a function in `{entry}` calls itself without end"),
        FaultCode::OutOfMemory => format!(
            "`{entry}` keeps too much: free what is no longer needed, or keep columns and not lists of objects"
        ),
        FaultCode::BadDivision | FaultCode::BadMeasures | FaultCode::BadCarry => {
            format!("`allocate` in `{entry}` returned it: kit/CONTRACT.md says what it may return")
        }
        FaultCode::BadCall => {
            format!("`{entry}` asked for what it may not: kit/CONTRACT.md says what a policy can ask for")
        }
        _ => format!(
            "`allocate` in `{entry}` broke off, by an exception, a panic or a failed check: below is what it said"
        ),
    }
}

/// A file of the author's that is newer than the component, which then is not what its author thinks.
fn newer_than(component: &Path, project: &Project) -> Option<PathBuf> {
    let changed = |path: &Path| -> Option<SystemTime> { path.metadata().ok()?.modified().ok() };
    let built = changed(component)?;
    let entry = project.entry();
    let beside = project.folder.join(project.language.entry).parent()?.read_dir().ok()?;
    let mut files: Vec<PathBuf> = beside.filter_map(|file| Some(file.ok()?.path())).collect();
    files.sort();
    files.into_iter().find(|file| file.extension() == entry.extension() && changed(file) > Some(built))
}

/// The end of a log, where the reason stands.
fn last_lines(log: &str) -> &str {
    let starts: Vec<usize> =
        log.match_indices('\n').map(|(end, _)| end + 1).filter(|start| *start < log.len()).collect();
    let start = starts.iter().rev().copied().nth(MOST_LINES - 1).unwrap_or(0);
    log.get(start..).unwrap_or(log)
}
