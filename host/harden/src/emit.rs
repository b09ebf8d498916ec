//! A function's body rewritten: with its charges, its depth, and its NaNs made canonical.
//!
//! ```text
//! block $deep                 if the function counts towards the depth
//!   block $out                if anything is charged
//!     charge
//!     block $leave            if there is something to do on leaving
//!       the body
//!     end
//!     write back; return
//!   end
//!   stop: instructions
//! end
//! stop: depth
//! ```
//!
//! A function that direct calls lead back to is written as two. The *inner* function is handed what is left of the
//! instructions and of the depth, behind its parameters, and hands back what is left of the instructions, behind its
//! results; inner functions call each other so, and recursion goes without a store. Under the function's own index
//! stands its *door*, for all others: it takes both from the meter's globals and puts them back.

use wasm_encoder::reencode::Reencode;
use wasm_encoder::{BlockType, Function, Instruction, InstructionSink, ValType};
use wasmparser::Operator;

use crate::body::{Body, Float, Op};
use crate::charge::Charges;
use crate::cost;
use crate::counter::{Counter, Held};
use crate::depth::Depth;
use crate::error::Error;
use crate::layout::{HANDED, Layout};
use crate::nan;
use crate::output::{Counters, Output};
use crate::resource::Resource;

pub(crate) fn function(
    body: &Body,
    charges: &Charges,
    places: &[Option<Float>],
    depth: Depth,
    output: &mut Output,
) -> Result<Function, Error> {
    let layout = Layout::new(body, charges, places, depth, &mut output.indices)?;
    let counter = Counter {
        global: output.counters.instructions,
        local: layout.left,
        home: layout.home,
        held: if layout.inner { Held::Local } else { Held::Global },
    };
    let mut emitter = Emitter {
        body,
        charges,
        places,
        seconds: seconds(body),
        output,
        leaves: layout.leaves,
        layout,
        counter,
        dead: false,
        nesting: 0,
        arms: Vec::new(),
        code: Vec::new(),
    };
    emitter.whole(depth.amount)?;
    let Emitter { layout, code, .. } = emitter;
    let mut function = Function::new(layout.declared);
    function.raw(code);
    Ok(function)
}

/// The door to an inner function. The depth of the meter is as before when it is left.
pub(crate) fn door(params: u32, inner: u32, counters: &Counters) -> Function {
    let mut body = Function::new([(1, ValType::I32)]);
    let depth = params;
    let mut sink = body.instructions();
    for param in 0..params {
        sink.local_get(param);
    }
    sink.global_get(counters.instructions).global_get(counters.depth).local_tee(depth).call(inner);
    sink.global_set(counters.instructions).local_get(depth).global_set(counters.depth).end();
    body
}

/// For each instruction, whether it is an `if` with an `else`.
fn seconds(body: &Body) -> Vec<bool> {
    let mut seconds = vec![false; body.ops.len()];
    let mut open = Vec::new();
    for (index, op) in body.ops.iter().enumerate() {
        match &op.op {
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => open.push(index),
            Operator::Else => {
                if let Some(second) = open.last().and_then(|opener| seconds.get_mut(*opener)) {
                    *second = true;
                }
            }
            Operator::End => {
                open.pop();
            }
            _ => {}
        }
    }
    seconds
}

struct Emitter<'e, 'a> {
    body: &'e Body<'a>,
    charges: &'e Charges,
    places: &'e [Option<Float>],
    /// At each `if`, whether it has an `else`.
    seconds: Vec<bool>,
    output: &'e mut Output,
    layout: Layout,
    counter: Counter,
    /// Behind a branch that is always taken.
    dead: bool,
    /// Whether a block stands for leaving here.
    leaves: bool,
    /// The author's blocks open here.
    nesting: u32,
    /// For each of them: for an `if`, its place and where the counter was before its arms.
    arms: Vec<Option<Arm>>,
    code: Vec<u8>,
}

struct Arm {
    at: usize,
    held: Held,
    has_second: bool,
}

impl Emitter<'_, '_> {
    fn put(&mut self) -> InstructionSink<'_> {
        InstructionSink::new(&mut self.code)
    }

    fn whole(&mut self, depth: Option<i32>) -> Result<(), Error> {
        if let Some(amount) = depth {
            let (global, local, inner) = (self.output.counters.depth, self.layout.deeper, self.layout.inner);
            let mut sink = self.put();
            sink.block(BlockType::Empty);
            if inner {
                sink.local_get(local);
            } else {
                sink.global_get(global);
            }
            sink.i32_const(amount).i32_sub().local_tee(local).i32_const(0).i32_lt_s().br_if(0);
            if !inner {
                sink.local_get(local).global_set(global);
            }
        }
        if self.layout.metered {
            self.put().block(BlockType::Empty);
        }
        // Only the author's blocks and `leave` stand between the code and the block that stops.
        let leaves = std::mem::take(&mut self.leaves);
        self.charge(self.charges.entry, 0);
        if leaves {
            self.reach_home();
            let results = self.output.block_type(&self.body.results)?;
            self.put().block(results);
            self.leaves = true;
        }
        self.ops()?;
        if leaves {
            self.put().end();
            self.counter.held = self.counter.home;
        }
        if self.layout.inner {
            let left = self.layout.left;
            self.put().local_get(left);
        } else if leaves || !self.dead {
            self.write_back();
        }
        if let (Some(amount), false) = (depth, self.layout.inner) {
            let (global, local) = (self.output.counters.depth, self.layout.deeper);
            self.put().local_get(local).i32_const(amount).i32_add().global_set(global);
        }
        if self.layout.metered || depth.is_some() {
            if leaves || !self.dead {
                self.put().return_();
            }
            if self.layout.metered {
                self.put().end();
                self.stop(Resource::Instructions);
            }
            if depth.is_some() {
                self.put().end();
                self.stop(Resource::Depth);
            }
        }
        self.put().end();
        Ok(())
    }

    fn stop(&mut self, of: Resource) {
        let stop = self.output.stop;
        self.put().i32_const(of.as_i32()).call(stop).unreachable();
    }

    fn ops(&mut self) -> Result<(), Error> {
        let body = self.body;
        for (index, op) in body.ops.iter().enumerate() {
            self.op(index, op)?;
            if let Some(Some(float)) = self.places.get(index) {
                let local = match float {
                    Float::F32 => self.layout.f32,
                    Float::F64 => self.layout.f64,
                };
                nan::make_canonical(*float, local, &mut self.put());
            }
            if let Some(float) = nan::vector_lanes(&op.op) {
                let local = self.layout.vector;
                nan::make_lanes_canonical(float, local, &mut self.put());
            }
        }
        Ok(())
    }

    fn op(&mut self, index: usize, op: &Op) -> Result<(), Error> {
        let ahead = self.charges.ahead.get(index).copied().unwrap_or(0);
        let aside = self.charges.aside.get(index).copied().unwrap_or(0);
        match &op.op {
            Operator::Block { .. } => {
                self.same(&op.op)?;
                self.open(None);
            }
            Operator::Loop { .. } => {
                self.reach_home();
                self.same(&op.op)?;
                self.open(None);
                // What was known of the counter before need not hold when the loop comes round.
                if !self.dead {
                    self.counter.held = self.counter.home;
                }
                self.charge(ahead, 0);
            }
            Operator::If { .. } => {
                let has_second = self.seconds.get(index) == Some(&true);
                if !has_second && aside == 0 {
                    self.reach_home();
                }
                self.same(&op.op)?;
                let held = self.counter.held;
                self.open(Some(Arm { at: index, held, has_second }));
                self.charge(ahead, 0);
            }
            Operator::Else => {
                self.reach_home();
                self.put().else_();
                if let Some(Some(arm)) = self.arms.last() {
                    (self.counter.held, self.dead) = (arm.held, false);
                    let price = self.charges.aside.get(arm.at).copied().unwrap_or(0);
                    self.charge(price, 0);
                }
            }
            Operator::End if self.nesting == 0 => {
                // The function's own `end`: what follows is the epilogue.
                self.reach_home();
            }
            Operator::End => {
                self.reach_home();
                if let Some(Some(arm)) = self.arms.pop() {
                    let price = self.charges.aside.get(arm.at).copied().unwrap_or(0);
                    if !arm.has_second && price > 0 {
                        self.put().else_();
                        (self.counter.held, self.dead) = (arm.held, false);
                        self.charge(price, 0);
                        self.reach_home();
                    }
                }
                self.put().end();
                self.nesting -= 1;
                (self.counter.held, self.dead) = (self.counter.home, false);
            }
            Operator::Br { relative_depth } => {
                self.reach_home();
                let label = self.label(*relative_depth);
                self.put().br(label);
                self.dead = true;
            }
            Operator::BrIf { relative_depth } => {
                let label = self.label(*relative_depth);
                if aside > 0 {
                    let held = self.counter.held;
                    self.put().if_(BlockType::Empty);
                    self.charge(aside, 1);
                    self.reach_home();
                    self.put().br(label + 1).end();
                    self.counter.held = held;
                } else {
                    self.reach_home();
                    self.put().br_if(label);
                }
                self.charge(ahead, 0);
            }
            Operator::BrTable { targets } => self.br_table(index, targets)?,
            Operator::Return => {
                self.reach_home();
                if self.leaves {
                    let leave = self.nesting;
                    self.put().br(leave);
                } else {
                    self.put().return_();
                }
                self.dead = true;
            }
            Operator::Unreachable => {
                self.put().unreachable();
                self.dead = true;
            }
            Operator::Call { function_index } => match self.output.inner_of.get(function_index).copied() {
                Some(callee) if self.layout.inner => self.call_inner(callee),
                _ => self.call(&op.op)?,
            },
            Operator::CallIndirect { .. } => self.call(&op.op)?,
            Operator::MemoryGrow { mem } => {
                self.write_back();
                let grow = self.output.memory_grower(*mem);
                self.put().call(grow);
                self.counter.held = Held::Global;
            }
            Operator::TableGrow { table } => {
                self.write_back();
                let grow = self.output.table_grower(*table);
                self.put().call(grow);
                self.counter.held = Held::Global;
            }
            other => {
                if let Some(shift) = cost::bulk_shift(other) {
                    self.charge_size(shift);
                }
                self.same(other)?;
            }
        }
        Ok(())
    }

    fn call(&mut self, op: &Operator) -> Result<(), Error> {
        self.write_back();
        if self.layout.inner {
            let (global, local) = (self.output.counters.depth, self.layout.deeper);
            self.put().local_get(local).global_set(global);
        }
        self.same(op)?;
        self.counter.held = Held::Global;
        Ok(())
    }

    fn call_inner(&mut self, callee: u32) {
        let (left, deeper) = (self.layout.left, self.layout.deeper);
        self.load();
        self.put().local_get(deeper).call(callee).local_set(left);
        self.counter.held = Held::Local;
    }

    /// The instruction as it is, but for the indices that moved.
    fn same(&mut self, op: &Operator) -> Result<(), Error> {
        let mut instruction: Instruction = self.output.indices.instruction(op.clone())?;
        if let Instruction::LocalGet(local) | Instruction::LocalSet(local) | Instruction::LocalTee(local) =
            &mut instruction
            && self.layout.inner
            && *local >= self.body.params
        {
            *local += HANDED;
        }
        wasm_encoder::Encode::encode(&instruction, &mut self.code);
        Ok(())
    }

    fn open(&mut self, arm: Option<Arm>) {
        self.arms.push(arm);
        self.nesting += 1;
    }

    /// A label as it is counted in the new body: the function's own is further out, unless `leave` stands for it.
    fn label(&self, depth: u32) -> u32 {
        if depth == self.nesting && !self.leaves { depth + u32::from(self.layout.metered) } else { depth }
    }

    /// The block that stops for want of instructions, `extra` blocks of ours further in.
    fn out(&self, extra: u32) -> u32 {
        self.nesting + u32::from(self.leaves) + extra
    }

    fn br_table(&mut self, index: usize, targets: &wasmparser::BrTable) -> Result<(), Error> {
        self.reach_home();
        let mut labels = Vec::new();
        for depth in targets.targets() {
            labels.push(self.label(depth?));
        }
        labels.push(self.label(targets.default()));
        let rest = self.charges.of_table(index);
        // One step on the way for each label that pays there.
        let mut steps: Vec<(u32, i64)> =
            labels.iter().copied().zip(rest.iter().copied()).filter(|(_, price)| *price > 0).collect();
        steps.sort_unstable();
        steps.dedup();
        let count = u32::try_from(steps.len()).unwrap_or(u32::MAX);
        if count > 0 {
            let size = self.layout.size;
            self.put().local_set(size);
            for _ in 0..count {
                self.put().block(BlockType::Empty);
            }
            self.put().local_get(size);
        }
        let mut moved = labels.iter().enumerate().map(|(at, label)| {
            let price = rest.get(at).copied().unwrap_or(0);
            match steps.binary_search(&(*label, price)) {
                Ok(step) => u32::try_from(step).unwrap_or(u32::MAX),
                Err(_) => label + count,
            }
        });
        let default = moved.next_back().unwrap_or(0);
        let moved: Vec<u32> = moved.collect();
        self.put().br_table(moved, default);
        for (step, (label, price)) in (0_u32..).zip(&steps) {
            let outer = count - 1 - step;
            self.put().end();
            self.counter.held = self.counter.home;
            self.charge(*price, outer);
            self.reach_home();
            self.put().br(label + outer);
        }
        self.dead = true;
        Ok(())
    }

    /// Takes a price from the counter, and stops if that is more than is left.
    fn charge(&mut self, price: i64, extra: u32) {
        if price == 0 {
            return;
        }
        self.note(|sink| {
            sink.i64_const(price);
        });
        let out = self.out(extra);
        self.load();
        self.put().i64_const(price);
        self.subtract(out);
    }

    /// Takes the size on top of the stack from the counter, and leaves it there.
    fn charge_size(&mut self, shift: i64) {
        let size = self.layout.size;
        let cost = |sink: &mut InstructionSink<'_>| {
            sink.local_get(size).i64_extend_i32_u();
            if shift > 0 {
                sink.i64_const(shift).i64_shr_u();
            }
        };
        self.put().local_set(size);
        self.note(cost);
        let out = self.out(0);
        self.load();
        cost(&mut self.put());
        self.subtract(out);
        self.put().local_get(size);
    }

    /// Notes what the function is charged, where that is asked for.
    fn note(&mut self, cost: impl FnOnce(&mut InstructionSink<'_>)) {
        let Some(place) = self.output.place else { return };
        let spend = self.output.stop + 1;
        self.put().i32_const(place.cast_signed());
        cost(&mut self.put());
        self.put().call(spend);
    }

    fn load(&mut self) {
        self.counter.load(&mut InstructionSink::new(&mut self.code));
    }

    fn subtract(&mut self, out: u32) {
        self.counter.subtract(out, &mut InstructionSink::new(&mut self.code));
    }

    fn write_back(&mut self) {
        self.counter.write_back(&mut InstructionSink::new(&mut self.code));
    }

    /// Brings the counter to where all ways that meet expect it.
    fn reach_home(&mut self) {
        if !self.dead {
            self.counter.reach_home(&mut InstructionSink::new(&mut self.code));
        }
    }
}
