//! How much native stack a call of a function can take at most: section "Frames" of METERING.md.
//!
//! A compiler may keep any value of a function in its frame for as long as the function runs: an optimiser moves what
//! does not change out of loops and shares what is computed twice, also across calls. So a frame is charged for every
//! value that the function can make, not for those that are alive at once.

use wasmparser::Operator;

use crate::body::{Body, Op};
use crate::cost;

/// What every frame takes, in bytes: the return address, saved registers, where the meter and the memory are.
const BASE: u64 = 128;
/// What one value takes, in bytes. Vectors take two slots.
const SLOT: u64 = 8;
/// What a charge keeps: the difference and whether it is negative.
const CHARGE: u64 = 2;

/// The most native stack that a call of a function takes, without what it calls: in bytes.
pub(crate) fn bytes(body: &Body) -> u64 {
    let locals = body.params + body.declared_count;
    let values: u64 = body.ops.iter().map(values).sum();
    let kept = u64::from(locals) + u64::from(body.highest);
    let slots = kept.saturating_add(values).saturating_add(merges(&body.ops, locals));
    let width = if body.wide { 2 } else { 1 };
    slots.saturating_mul(SLOT * width).saturating_add(BASE)
}

/// The values that an instruction makes, those among them that only its machine code has.
fn values(op: &Op) -> u64 {
    use Operator as O;
    let (pops, pushes) = (op.pops as u64, op.pushes as u64);
    match &op.op {
        O::LocalGet { .. }
        | O::LocalSet { .. }
        | O::LocalTee { .. }
        | O::Nop
        | O::Drop
        | O::Else
        | O::Br { .. }
        | O::Return
        | O::Unreachable => 0,
        // What its label takes: the block's results, and where it is a loop's what `loop` counts is taken again.
        O::End => pops,
        O::Block { .. } => pops,
        O::Loop { .. } | O::If { .. } | O::BrIf { .. } => pops + 2 * CHARGE,
        O::BrTable { targets } => pops + CHARGE * (u64::from(targets.len()) + 1),
        O::Call { .. }
        | O::CallIndirect { .. }
        | O::MemoryGrow { .. }
        | O::MemoryCopy { .. }
        | O::MemoryFill { .. }
        | O::MemoryInit { .. }
        | O::DataDrop { .. }
        | O::TableGet { .. }
        | O::TableSet { .. }
        | O::TableGrow { .. }
        | O::TableCopy { .. }
        | O::TableFill { .. }
        | O::TableInit { .. }
        | O::ElemDrop { .. }
        | O::RefFunc { .. } => 2 * CHARGE + pops + pushes,
        other if cost::accesses_memory(other) => 1 + pushes,
        _ => pushes.max(1),
    }
}

/// A block, loop or arm around the place of the walk.
struct Label {
    opened: usize,
    is_loop: bool,
    /// How many places lead to it.
    led_to: u32,
    /// How many locals are set within it, as far as the walk has come, those of ended blocks inside included.
    set: u64,
    /// How many of these were set in the block around it before.
    set_before: u64,
}

/// The values that come to be where ways meet: at each label that two or more places lead to, one for each local that
/// is set within its block, and one for the counter.
fn merges(ops: &[Op], locals: u32) -> u64 {
    let mut last_set: Vec<Option<usize>> = vec![None; locals as usize];
    let mut labels = vec![Label { opened: 0, is_loop: false, led_to: 0, set: 0, set_before: 0 }];
    let mut merges = 0_u64;
    let mut reached = true;
    for (place, op) in (1..).zip(ops) {
        match &op.op {
            Operator::Block { .. } | Operator::If { .. } | Operator::Loop { .. } => {
                let is_loop = matches!(op.op, Operator::Loop { .. });
                // The condition of an `if` leads to the end where there is no `else`; `else` takes that back.
                let led_to = u32::from(matches!(op.op, Operator::If { .. } | Operator::Loop { .. }));
                labels.push(Label { opened: place, is_loop, led_to, set: 0, set_before: 0 });
            }
            Operator::Else => {
                if let Some(label) = labels.last_mut().filter(|_| !reached) {
                    label.led_to = label.led_to.saturating_sub(1);
                }
                reached = true;
            }
            Operator::End => {
                if let Some(label) = labels.pop() {
                    let led_to = label.led_to + u32::from(reached && !label.is_loop);
                    if led_to > 1 {
                        merges = merges.saturating_add(label.set + 1);
                    }
                    if let Some(outer) = labels.last_mut() {
                        outer.set += label.set - label.set_before;
                    }
                }
                reached = true;
            }
            Operator::Br { relative_depth } => {
                lead(&mut labels, *relative_depth);
                reached = false;
            }
            Operator::BrIf { relative_depth } => lead(&mut labels, *relative_depth),
            Operator::BrTable { targets } => {
                let mut depths: Vec<u32> = targets.targets().flatten().chain([targets.default()]).collect();
                depths.sort_unstable();
                depths.dedup();
                depths.into_iter().for_each(|depth| lead(&mut labels, depth));
                reached = false;
            }
            Operator::Return | Operator::Unreachable => reached = false,
            Operator::LocalSet { local_index } | Operator::LocalTee { local_index } => {
                if let Some(last) = last_set.get_mut(*local_index as usize) {
                    set(&mut labels, last.replace(place));
                }
            }
            _ => {}
        }
    }
    merges
}

fn lead(labels: &mut [Label], depth: u32) {
    let place = labels.len().checked_sub(depth as usize + 1);
    if let Some(label) = place.and_then(|place| labels.get_mut(place)) {
        label.led_to = label.led_to.saturating_add(1);
    }
}

/// Notes that a local is set here, in all open blocks in which it was not set before.
fn set(labels: &mut [Label], last: Option<usize>) {
    let first = labels.partition_point(|label| last.is_some_and(|last| label.opened <= last));
    if first == labels.len() {
        return;
    }
    if let Some(innermost) = labels.last_mut() {
        innermost.set += 1;
    }
    if let Some(outermost) = labels.get_mut(first).filter(|_| first > 0) {
        outermost.set_before += 1;
    }
}
