//! Where a function keeps the counter of instructions, and the code that moves it.
//!
//! The counter is in a global of the meter's. Where a loop runs without calling, the function keeps it in a local (its
//! *home*) and writes it back before calls and on leaving. Otherwise the global is its home, and the local only carries it
//! from one instruction to the next.

use wasm_encoder::InstructionSink;

/// Where the counter's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    Global,
    Local,
    Both,
}

/// The counter of instructions at one point of a function's code.
pub(crate) struct Counter {
    /// The meter's global.
    pub global: u32,
    /// The function's local; of no meaning where nothing is charged.
    pub local: u32,
    /// Where it is wherever ways through the code meet.
    pub home: Held,
    pub held: Held,
}

impl Counter {
    /// Puts the counter on the stack.
    pub(crate) fn load(&self, sink: &mut InstructionSink<'_>) {
        if self.held == Held::Global {
            sink.global_get(self.global);
        } else {
            sink.local_get(self.local);
        }
    }

    /// Brings the counter to its home.
    pub(crate) fn reach_home(&mut self, sink: &mut InstructionSink<'_>) {
        match self.home {
            Held::Local if self.held == Held::Global => {
                sink.global_get(self.global).local_set(self.local);
                self.held = Held::Both;
            }
            Held::Local => {}
            Held::Global | Held::Both => self.write_back(sink),
        }
    }

    /// Brings the counter to the global, where a function that is called finds it.
    pub(crate) fn write_back(&mut self, sink: &mut InstructionSink<'_>) {
        if self.held == Held::Local {
            sink.local_get(self.local).global_set(self.global);
            self.held = Held::Both;
        }
    }

    /// Takes the number on top of the stack from the counter below it, and leaves for the block `out` if that is more
    /// than there is.
    pub(crate) fn subtract(&mut self, out: u32, sink: &mut InstructionSink<'_>) {
        sink.i64_sub().local_tee(self.local).i64_const(0).i64_lt_s().br_if(out);
        self.held = Held::Local;
    }
}
