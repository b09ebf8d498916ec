//! A function's body written anew: with its charges, its depth, and its NaNs made canonical.
//!
//! The counter is in a global of the meter's. Where a loop runs without calling, the function keeps it in a local
//! (its *home*) and writes it back before calls and on leaving; else the global is its home, and the local only
//! carries it over the instructions in between.
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

use crate::Resource;
use crate::body::{Body, Float, Op};
use crate::charge::Charges;
use crate::cost;
use crate::depth::Depth;
use crate::error::Error;
use crate::module::{Counters, Output};
use crate::nan;

/// Where the counter's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    Global,
    Local,
    Both,
}

pub(crate) fn function(
    body: &Body,
    charges: &Charges,
    places: &[Option<Float>],
    depth: Depth,
    output: &mut Output,
) -> Result<Function, Error> {
    let inner = depth.recursive;
    let bulk = body.ops.iter().any(|op| cost::bulk_shift(&op.op).is_some());
    let metered = charges.any() || bulk;
    let home =
        if inner || metered && some_loop_never_calls(body, charges) { Held::Local } else { Held::Global };
    let leaves = depth.amount.is_some() || home == Held::Local;

    let handed = if inner { HANDED } else { 0 };
    let mut locals = Locals { next: body.params + handed + body.declared_count, declared: Vec::new() };
    for (count, ty) in &body.declared {
        locals.declared.push((*count, output.indices.val_type(*ty)?));
    }
    let mut emitter = Emitter {
        body,
        charges,
        places,
        seconds: seconds(body),
        output,
        left: match (inner, metered) {
            (true, _) => body.params,
            (false, true) => locals.add(ValType::I64),
            (false, false) => 0,
        },
        size: if bulk || !charges.table.is_empty() { locals.add(ValType::I32) } else { 0 },
        deeper: match (inner, depth.amount) {
            (true, _) => body.params + 1,
            (false, Some(_)) => locals.add(ValType::I32),
            (false, None) => 0,
        },
        float: [
            if needs(places, Float::F32) { locals.add(ValType::F32) } else { 0 },
            if needs(places, Float::F64) { locals.add(ValType::F64) } else { 0 },
        ],
        vector: if body.ops.iter().any(|op| nan::vector_lanes(&op.op).is_some()) {
            locals.add(ValType::V128)
        } else {
            0
        },
        inner,
        home,
        held: if inner { Held::Local } else { Held::Global },
        dead: false,
        metered,
        leaves,
        nesting: 0,
        arms: Vec::new(),
        code: Vec::new(),
    };
    emitter.whole(depth.amount)?;
    let code = emitter.code;
    let mut function = Function::new(locals.declared);
    function.raw(code);
    Ok(function)
}

/// How many locals an inner function is handed behind the author's parameters.
const HANDED: u32 = 2;

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

/// Whether some loop that charges runs without calling: then the counter is best kept in a local.
fn some_loop_never_calls(body: &Body, charges: &Charges) -> bool {
    let mut open: Vec<Option<bool>> = Vec::new();
    for (index, op) in body.ops.iter().enumerate() {
        let charged = charges.ahead.get(index).is_some_and(|price| *price > 0);
        let doomed = charges.doomed.get(index).copied().unwrap_or(false);
        match &op.op {
            Operator::Loop { .. } if charged => open.push(Some(true)),
            Operator::Loop { .. } | Operator::Block { .. } | Operator::If { .. } => open.push(None),
            Operator::Call { .. }
            | Operator::CallIndirect { .. }
            | Operator::MemoryGrow { .. }
            | Operator::TableGrow { .. }
                if !doomed =>
            {
                open.iter_mut().flatten().for_each(|callless| *callless = false);
            }
            Operator::End if open.pop().flatten() == Some(true) => {
                return true;
            }
            _ => {}
        }
    }
    false
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

fn needs(places: &[Option<Float>], float: Float) -> bool {
    places.contains(&Some(float))
}

/// The function's locals, ours behind the author's.
struct Locals {
    next: u32,
    declared: Vec<(u32, ValType)>,
}

impl Locals {
    fn add(&mut self, ty: ValType) -> u32 {
        self.declared.push((1, ty));
        self.next += 1;
        self.next - 1
    }
}

struct Emitter<'e, 'a> {
    body: &'e Body<'a>,
    charges: &'e Charges,
    places: &'e [Option<Float>],
    /// At each `if`, whether it has an `else`.
    seconds: Vec<bool>,
    output: &'e mut Output,
    // Our locals; of no meaning where not needed.
    left: u32,
    size: u32,
    deeper: u32,
    float: [u32; 2],
    vector: u32,

    inner: bool,
    home: Held,
    held: Held,
    /// Behind a branch that is always taken.
    dead: bool,
    metered: bool,
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
            let (global, local, inner) = (self.output.counters.depth, self.deeper, self.inner);
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
        if self.metered {
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
            self.held = self.home;
        }
        if self.inner {
            let left = self.left;
            self.put().local_get(left);
        } else if leaves || !self.dead {
            self.write_back();
        }
        if let (Some(amount), false) = (depth, self.inner) {
            let (global, local) = (self.output.counters.depth, self.deeper);
            self.put().local_get(local).i32_const(amount).i32_add().global_set(global);
        }
        if self.metered || depth.is_some() {
            if leaves || !self.dead {
                self.put().return_();
            }
            if self.metered {
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
                self.make_canonical(*float);
            }
            if let Some(float) = nan::vector_lanes(&op.op) {
                self.make_lanes_canonical(float);
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
                    self.held = self.home;
                }
                self.charge(ahead, 0);
            }
            Operator::If { .. } => {
                let has_second = self.seconds.get(index) == Some(&true);
                if !has_second && aside == 0 {
                    self.reach_home();
                }
                self.same(&op.op)?;
                let held = self.held;
                self.open(Some(Arm { at: index, held, has_second }));
                self.charge(ahead, 0);
            }
            Operator::Else => {
                self.reach_home();
                self.put().else_();
                if let Some(Some(arm)) = self.arms.last() {
                    (self.held, self.dead) = (arm.held, false);
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
                        (self.held, self.dead) = (arm.held, false);
                        self.charge(price, 0);
                        self.reach_home();
                    }
                }
                self.put().end();
                self.nesting -= 1;
                (self.held, self.dead) = (self.home, false);
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
                    let held = self.held;
                    self.put().if_(BlockType::Empty);
                    self.charge(aside, 1);
                    self.reach_home();
                    self.put().br(label + 1).end();
                    self.held = held;
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
                Some(callee) if self.inner => self.call_inner(callee),
                _ => self.call(&op.op)?,
            },
            Operator::CallIndirect { .. } => self.call(&op.op)?,
            Operator::MemoryGrow { mem } => {
                self.write_back();
                let grow = self.output.memory_grower(*mem);
                self.put().call(grow);
                self.held = Held::Global;
            }
            Operator::TableGrow { table } => {
                self.write_back();
                let grow = self.output.table_grower(*table);
                self.put().call(grow);
                self.held = Held::Global;
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
        if self.inner {
            let (global, local) = (self.output.counters.depth, self.deeper);
            self.put().local_get(local).global_set(global);
        }
        self.same(op)?;
        self.held = Held::Global;
        Ok(())
    }

    fn call_inner(&mut self, callee: u32) {
        let (left, deeper) = (self.left, self.deeper);
        self.load();
        self.put().local_get(deeper).call(callee).local_set(left);
        self.held = Held::Local;
    }

    /// The instruction as it is, but for the indices that moved.
    fn same(&mut self, op: &Operator) -> Result<(), Error> {
        let mut instruction: Instruction = self.output.indices.instruction(op.clone())?;
        if let Instruction::LocalGet(local) | Instruction::LocalSet(local) | Instruction::LocalTee(local) =
            &mut instruction
            && self.inner
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
        if depth == self.nesting && !self.leaves { depth + u32::from(self.metered) } else { depth }
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
            let size = self.size;
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
            self.held = self.home;
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
        self.load();
        let (left, out) = (self.left, self.out(extra));
        self.put().i64_const(price).i64_sub().local_tee(left).i64_const(0).i64_lt_s().br_if(out);
        self.held = Held::Local;
    }

    /// Takes the size on top of the stack from the counter, and leaves it there.
    fn charge_size(&mut self, shift: i64) {
        let size = self.size;
        let cost = |sink: &mut InstructionSink<'_>| {
            sink.local_get(size).i64_extend_i32_u();
            if shift > 0 {
                sink.i64_const(shift).i64_shr_u();
            }
        };
        self.put().local_set(size);
        self.note(cost);
        self.load();
        cost(&mut self.put());
        let (left, out) = (self.left, self.out(0));
        self.put().i64_sub().local_tee(left).i64_const(0).i64_lt_s().br_if(out).local_get(size);
        self.held = Held::Local;
    }

    /// Notes what the function is charged, where that is asked for.
    fn note(&mut self, cost: impl FnOnce(&mut InstructionSink<'_>)) {
        let Some(place) = self.output.place else { return };
        let spend = self.output.stop + 1;
        self.put().i32_const(place.cast_signed());
        cost(&mut self.put());
        self.put().call(spend);
    }

    /// Puts the counter on the stack.
    fn load(&mut self) {
        let (left, global) = (self.left, self.output.counters.instructions);
        if self.held == Held::Global {
            self.put().global_get(global);
        } else {
            self.put().local_get(left);
        }
    }

    /// Brings the counter to where all ways that meet expect it.
    fn reach_home(&mut self) {
        if self.dead {
            return;
        }
        match self.home {
            Held::Local if self.held == Held::Global => {
                let (left, global) = (self.left, self.output.counters.instructions);
                self.put().global_get(global).local_set(left);
                self.held = Held::Both;
            }
            Held::Local => {}
            Held::Global | Held::Both => self.write_back(),
        }
    }

    fn write_back(&mut self) {
        if self.held == Held::Local {
            let (left, global) = (self.left, self.output.counters.instructions);
            self.put().local_get(left).global_set(global);
            self.held = Held::Both;
        }
    }

    fn make_canonical(&mut self, float: Float) {
        // Measured against `ge`, `ne` and a branch: of these, Cranelift compiles `select` on `eq` best.
        let [f32, f64] = self.float;
        match float {
            Float::F32 => {
                let canonical = wasm_encoder::Ieee32::new(nan::CANON_32);
                self.put()
                    .local_tee(f32)
                    .f32_const(canonical)
                    .local_get(f32)
                    .local_get(f32)
                    .f32_eq()
                    .select();
            }
            Float::F64 => {
                let canonical = wasm_encoder::Ieee64::new(nan::CANON_64);
                self.put()
                    .local_tee(f64)
                    .f64_const(canonical)
                    .local_get(f64)
                    .local_get(f64)
                    .f64_eq()
                    .select();
            }
        }
    }

    fn make_lanes_canonical(&mut self, float: Float) {
        let vector = self.vector;
        let canonical = match float {
            Float::F32 => i128::from(nan::CANON_32) * 0x0000_0001_0000_0001_0000_0001_0000_0001,
            Float::F64 => i128::from(nan::CANON_64) * 0x0000_0000_0000_0001_0000_0000_0000_0001,
        };
        self.put().local_tee(vector).v128_const(canonical).local_get(vector).local_get(vector);
        match float {
            Float::F32 => self.put().f32x4_eq().v128_bitselect(),
            Float::F64 => self.put().f64x2_eq().v128_bitselect(),
        };
    }
}
