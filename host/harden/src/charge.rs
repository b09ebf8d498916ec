//! Where what is charged: section "Charges" of METERING.md.
//!
//! A function is walked once from its end to its start. At each place stands what must have been paid when it is
//! reached, for the code from there to where the next charge falls. Where ways part, the dearest is charged ahead if
//! no other is cheaper by more than the slack; else each dearer way pays the rest where it begins.

use wasmparser::Operator;

use crate::body::Body;
use crate::cost;

/// The most that a way from one head (a function's or a loop's) to the next may be charged more than it costs.
pub(crate) const SLACK: i64 = 64;

/// What is charged where, by the index of the instruction.
#[derive(Default)]
pub(crate) struct Charges {
    /// On entering the function.
    pub entry: i64,
    /// At `loop`: at the head, once an iteration. At `if`: where the first arm begins. At `br_if`: where it goes on.
    pub ahead: Vec<i64>,
    /// At `if`: where the second arm begins, present or not. At `br_if`: where it branches.
    pub aside: Vec<i64>,
    /// At `br_table`: for each label, the default last; empty if there is nothing to charge.
    pub table: Vec<(usize, Vec<i64>)>,
    /// Whether every way from behind the instruction ends in `unreachable`, without a call before.
    pub doomed: Vec<bool>,
}

impl Charges {
    /// Whether anything is charged in the function, apart from bulk instructions.
    pub(crate) fn any(&self) -> bool {
        self.entry > 0
            || self.ahead.iter().chain(&self.aside).any(|price| *price > 0)
            || self.table.iter().any(|(_, prices)| prices.iter().any(|price| *price > 0))
    }

    /// The surcharges of the `br_table` at an index.
    pub(crate) fn of_table(&self, index: usize) -> &[i64] {
        match self.table.binary_search_by(|(at, _)| index.cmp(at)) {
            Ok(found) => self.table.get(found).map_or(&[], |(_, prices)| prices),
            Err(_) => &[],
        }
    }
}

/// The way ahead from a place.
#[derive(Clone, Copy, Debug)]
struct Ahead {
    /// What must have been paid.
    price: i64,
    /// By how much that can be more than what is executed.
    waste: i64,
    /// Out of how many loops the way leads: the number of loops around where it certainly gets to.
    loops: usize,
    fate: Fate,
}

/// How the ways ahead end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Some way returns or comes round a loop.
    Open,
    /// Every way ends in `unreachable`, some of them behind a call. What is called may get here again, so such code is
    /// paid for; but it makes no other way dearer.
    Lost,
    /// Every way ends in `unreachable` without a call before. Such code runs at most once in a run, and is free.
    Doomed,
}

impl Ahead {
    const LEAVE: Self = Self { price: 0, waste: 0, loops: 0, fate: Fate::Open };
    const TRAP: Self = Self { price: 0, waste: 0, loops: 0, fate: Fate::Doomed };

    fn head(loops: usize) -> Self {
        Self { price: 0, waste: 0, loops, fate: Fate::Open }
    }

    fn after(self, cost: i64) -> Self {
        match self.fate {
            Fate::Doomed => self,
            Fate::Open | Fate::Lost => Self { price: self.price.saturating_add(cost), ..self },
        }
    }

    fn after_call(self, cost: i64) -> Self {
        match self.fate {
            Fate::Doomed => Self { price: cost, fate: Fate::Lost, ..Self::TRAP },
            Fate::Open | Fate::Lost => self.after(cost),
        }
    }
}

/// A block, loop or arm around the place of the walk.
struct Frame {
    /// What a branch to its label meets.
    label: Ahead,
    /// What follows its `end`.
    end: Ahead,
    /// Where its second arm begins, once the walk is past that.
    second: Option<Ahead>,
}

pub(crate) fn charges(body: &Body) -> Charges {
    let count = body.ops.len();
    let mut charges = Charges {
        ahead: vec![0; count],
        aside: vec![0; count],
        doomed: vec![false; count],
        ..Charges::default()
    };
    let is_loop = loop_ends(body);
    let mut frames: Vec<Frame> = Vec::new();
    let mut loops = 0;
    let mut now = Ahead::LEAVE;
    for (index, op) in body.ops.iter().enumerate().rev() {
        if let Some(doomed) = charges.doomed.get_mut(index) {
            *doomed = now.fate == Fate::Doomed;
        }
        let mut put = |ahead: i64, aside: i64| {
            if let (Some(a), Some(b)) = (charges.ahead.get_mut(index), charges.aside.get_mut(index)) {
                (*a, *b) = (ahead, aside);
            }
        };
        match &op.op {
            Operator::End => {
                let label = if is_loop.get(index) == Some(&true) {
                    loops += 1;
                    Ahead::head(loops)
                } else {
                    now
                };
                now = now.after(cost::fixed(op));
                frames.push(Frame { label, end: now, second: None });
            }
            Operator::Else => {
                if let Some(frame) = frames.last_mut() {
                    frame.second = Some(now);
                    now = frame.end;
                }
            }
            Operator::If { .. } => {
                if let Some(frame) = frames.pop() {
                    let second = frame.second.unwrap_or(frame.end);
                    let (base, rest) = part(&[(now, true), (second, true)], loops);
                    put(rest[0], rest[1]);
                    now = base.after(cost::fixed(op));
                }
            }
            Operator::Block { .. } => {
                frames.pop();
                now = now.after(cost::fixed(op));
            }
            Operator::Loop { .. } => {
                frames.pop();
                loops = loops.saturating_sub(1);
                // No way that is lost or doomed comes round.
                if now.fate == Fate::Open {
                    put(now.price, 0);
                    now = Ahead::head(loops);
                }
                now = now.after(cost::fixed(op));
            }
            Operator::Br { relative_depth } => {
                now = target(&frames, *relative_depth).after(cost::fixed(op));
            }
            Operator::BrIf { relative_depth } => {
                let aside = (target(&frames, *relative_depth), op.pops == 1);
                let (base, rest) = part(&[(now, true), aside], loops);
                put(rest[0], rest[1]);
                now = base.after(cost::fixed(op));
            }
            Operator::BrTable { targets } => {
                let labels: Vec<_> = targets
                    .targets()
                    .flatten()
                    .chain([targets.default()])
                    .map(|depth| (target(&frames, depth), op.pops == 1))
                    .collect();
                let (base, rest) = part(&labels, loops);
                if rest.iter().any(|price| *price > 0) {
                    charges.table.push((index, rest));
                }
                now = base.after(cost::fixed(op));
            }
            Operator::Return => now = Ahead::LEAVE.after(cost::fixed(op)),
            Operator::Unreachable => now = Ahead::TRAP,
            Operator::Call { .. } | Operator::CallIndirect { .. } => now = now.after_call(cost::fixed(op)),
            _ => now = now.after(cost::fixed(op)),
        }
    }
    if now.fate != Fate::Doomed {
        charges.entry = now.price.saturating_add(cost::entry(body.params, body.declared_count));
    }
    charges
}

/// For each instruction, whether it is the `end` of a `loop`.
fn loop_ends(body: &Body) -> Vec<bool> {
    let mut open = Vec::new();
    body.ops
        .iter()
        .map(|op| match &op.op {
            Operator::Block { .. } | Operator::If { .. } => {
                open.push(false);
                false
            }
            Operator::Loop { .. } => {
                open.push(true);
                false
            }
            Operator::End => open.pop().unwrap_or(false),
            _ => false,
        })
        .collect()
}

fn target(frames: &[Frame], depth: u32) -> Ahead {
    let place = frames.len().checked_sub(depth as usize + 1);
    place.and_then(|place| frames.get(place)).map_or(Ahead::LEAVE, |frame| frame.label)
}

/// What is paid before ways part, and what each pays when it begins. A way is told with whether it can be charged
/// there: branches that carry values cannot, and are always paid in full before.
fn part(ways: &[(Ahead, bool)], loops: usize) -> (Ahead, Vec<i64>) {
    let fate = if ways.iter().any(|(way, _)| way.fate == Fate::Open) { Fate::Open } else { Fate::Lost };
    // The ways by which the price before is set.
    let setting = || ways.iter().filter(move |(way, _)| way.fate == fate);
    if setting().next().is_none() {
        return (Ahead::TRAP, vec![0; ways.len()]);
    }
    // A way out of the loop must not make each iteration dearer.
    let stays = setting().any(|(way, _)| way.loops >= loops);
    let dearest = setting()
        .filter(|(way, _)| !stays || way.loops >= loops)
        .map(|(way, _)| way.price)
        .max()
        .unwrap_or(0);
    let within_slack =
        setting().map(|(way, _)| way.price - way.waste).min().unwrap_or(0).saturating_add(SLACK);
    let base = setting()
        .map(|(way, _)| way.price)
        .filter(|price| *price <= dearest.min(within_slack))
        .max()
        .unwrap_or(0);
    let unchargeable = ways.iter().filter(|(_, can)| !can).map(|(way, _)| way.price).max().unwrap_or(0);
    let base = base.max(unchargeable);

    let waste = setting().map(|(way, _)| (base - way.price).max(0) + way.waste).max().unwrap_or(0).min(SLACK);
    let reach = setting().map(|(way, _)| way.loops).max().unwrap_or(0);
    let rest = ways.iter().map(|(way, _)| (way.price - base).max(0)).collect();
    (Ahead { price: base, waste, loops: reach, fate }, rest)
}
