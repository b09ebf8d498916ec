//! Write a policy for Apportion in Zig: a rule from an epoch to an allocation.
//!
//!     const apportion = @import("apportion");
//!     const epoch = apportion.epoch;
//!
//!     pub const policy: apportion.Policy = .{
//!         .name = "stars",
//!         .version = "1.0.0",
//!         .summary = "Every payee in proportion to the stars of its nodes.",
//!         .parameters = @embedFile("parameters.json"),
//!     };
//!
//!     pub const Parameters = struct { per_star: f64 = 1 };
//!
//!     pub fn allocate(parameters: Parameters) !apportion.Allocation {
//!         const stars = epoch.nodeMetric("stars") orelse
//!             return apportion.noAnswer("the epoch has no node metric `stars`", .{});
//!         const points = try apportion.zeros(epoch.payeeCount());
//!         for (epoch.nodePayee(), stars) |payee, count| {
//!             if (payee != apportion.no_payee) points[payee] += count * parameters.per_star;
//!         }
//!         var allocation = try apportion.fromScores(points);
//!         allocation.measure("points", points);
//!         return allocation;
//!     }
//!
//! A column is a slice, copied from the engine when it is first asked for, so a policy pays for what it reads. Memory is
//! never given back: a run is a fresh instance that is thrown away after it.

const std = @import("std");

pub const bindings = @cImport(@cInclude("policy.h"));
pub const epoch = @import("epoch.zig");
pub const limits = @import("limits.zig");

/// What a policy says of itself.
pub const Policy = struct {
    /// Lower-case words joined by hyphens, at most 64 bytes.
    name: []const u8,
    /// Semantic version of the policy: `1.2.0`.
    version: []const u8,
    /// One sentence, at most 1,024 bytes: who gets what, and why.
    summary: []const u8,
    /// JSON Schema (2020-12) of the parameters.
    parameters: []const u8,
    /// Whether it asks for `epoch.paid` or `epoch.carry`, or hands over a carry.
    stateful: bool = false,
};

/// The payee of a node that nobody owns.
pub const no_payee = std.math.maxInt(u32);

/// For everything a rule allocates; nothing needs to be freed.
pub const memory = arena.allocator();
var arena: std.heap.ArenaAllocator = .init(std.heap.page_allocator);

/// So many numbers, all 0.
pub fn zeros(count: usize) error{OutOfMemory}![]f64 {
    const numbers = try memory.alloc(f64, count);
    @memset(numbers, 0);
    return numbers;
}

/// From the first to the last.
pub fn sum(numbers: []const f64) f64 {
    var total: f64 = 0;
    for (numbers) |number| total += number;
    return total;
}

/// A parameter that gives numbers by name, sorted by the names' bytes, so that a sum in their order is the same for
/// everyone.
pub const ByName = struct {
    names: []const []const u8 = &.{},
    numbers: []const f64 = &.{},

    pub fn get(of: ByName, name: []const u8) ?f64 {
        const row = std.sort.binarySearch([]const u8, of.names, name, order) orelse return null;
        return of.numbers[row];
    }

    /// The number of each name of a list; `otherwise` for one that is not there.
    pub fn column(of: ByName, names: []const []const u8, otherwise: f64) error{OutOfMemory}![]f64 {
        const numbers = try memory.alloc(f64, names.len);
        for (numbers, names) |*number, name| number.* = of.get(name) orelse otherwise;
        return numbers;
    }

    pub fn jsonParse(allocator: std.mem.Allocator, source: anytype, options: std.json.ParseOptions) !ByName {
        const object = try std.json.ArrayHashMap(f64).jsonParse(allocator, source, options);
        var entries = object.map;
        entries.sort(struct {
            keys: []const []const u8,
            pub fn lessThan(of: @This(), a: usize, b: usize) bool {
                return order(of.keys[a], of.keys[b]) == .lt;
            }
        }{ .keys = entries.keys() });
        return .{ .names = entries.keys(), .numbers = entries.values() };
    }

    fn order(a: []const u8, b: []const u8) std.math.Order {
        return std.mem.order(u8, a, b);
    }
};

/// How the pool is divided. The engine makes the payouts, exactly.
pub const Allocation = struct {
    division: Division,
    measures: [32]Measure = undefined,
    measure_count: usize = 0,
    /// Handed to this policy at the next epoch. Empty: nothing.
    carry: []const u8 = &.{},

    pub const Division = union(enum) {
        /// In proportion to weights, one per payee. All of them 0: the whole pool stays in the treasury.
        by_weight: struct { shares: []const u64, retained: u64 = 0 },
        /// Fixed amounts in base units, one per payee, together at most the pool.
        by_amount: []const u128,
    };

    /// A number per payee that explains the split; at most 32, of different names.
    pub fn measure(of: *Allocation, name: []const u8, values: []const f64) void {
        of.measures[of.measure_count] = .{ .name = name, .values = values };
        of.measure_count += 1;
    }
};

pub const Measure = struct { name: []const u8, values: []const f64 };

/// Divides in proportion to scores, one per payee, each finite and 0 or more, in any unit; a score that is not is
/// refused.
pub fn fromScores(scores: []const f64) error{ Refused, OutOfMemory }!Allocation {
    return toIntegers(scores, 0);
}

// What amounts may fall short of the pool by before the difference is retained, as a part of the pool.
const sum_tolerance = 1e-9;

/// Amounts in whole units of a pool of `pool` whole units, for a formula in floating point: the treasury keeps what they
/// leave of the pool, if it is more than 1e-9 of it. Amounts above the pool by more than that are refused.
pub fn fromAmounts(amounts: []const f64, pool: f64) error{ Refused, OutOfMemory }!Allocation {
    const total = sum(amounts);
    if (total > pool * (1 + sum_tolerance)) {
        return noAnswer("the amounts sum to {d}, more than the pool of {d}", .{ total, pool });
    }
    const rest = pool - total;
    return toIntegers(amounts, if (rest > pool * sum_tolerance) rest else 0);
}

// Every score times the one power of two that brings the largest between 2^61 and 2^62, to the nearest integer, ties to
// even. Equal scores have equal weights.
fn toIntegers(scores: []const f64, retained: f64) error{ Refused, OutOfMemory }!Allocation {
    if (!usable(retained)) {
        return noAnswer("the treasury's score is `{d}`: it must be finite and 0 or more", .{retained});
    }
    var largest = retained;
    for (scores, 0..) |score, payee| {
        if (!usable(score)) {
            return noAnswer("the score of payee {d} is `{d}`: it must be finite and 0 or more", .{ payee, score });
        }
        largest = @max(largest, score);
    }
    const shift = 62 - std.math.frexp(largest).exponent;
    const shares = try memory.alloc(u64, scores.len);
    for (shares, scores) |*share, score| share.* = scaled(score, shift);
    return .{ .division = .{ .by_weight = .{ .shares = shares, .retained = scaled(retained, shift) } } };
}

fn usable(score: f64) bool {
    return std.math.isFinite(score) and score >= 0;
}

fn scaled(score: f64, shift: i32) u64 {
    return @intFromFloat(nearestEven(std.math.ldexp(score, shift)));
}

// Below 2^52 adding 2^52 rounds to an integer, ties to even; above, there are integers only.
fn nearestEven(number: f64) f64 {
    const integers = 0x1p52;
    return if (number < integers) number + integers - integers else number;
}

/// The rule has no answer for this epoch. The sentence, at most 4,096 bytes, is shown to people.
pub fn noAnswer(comptime format: []const u8, arguments: anytype) error{ Refused, OutOfMemory } {
    refusal = .{ .why = .no_answer, .sentence = try std.fmt.allocPrint(memory, format, arguments) };
    return error.Refused;
}

/// The parameters contradict each other in a way that the schema cannot say.
pub fn badParameters(comptime format: []const u8, arguments: anytype) error{ Refused, OutOfMemory } {
    refusal = .{ .why = .bad_parameters, .sentence = try std.fmt.allocPrint(memory, format, arguments) };
    return error.Refused;
}

pub const Refusal = struct {
    why: enum { bad_parameters, no_answer },
    sentence: []const u8,
};

/// What was refused, after `error.Refused`.
pub var refusal: ?Refusal = null;

/// A line for the run's log.
pub fn log(comptime format: []const u8, arguments: anytype) void {
    // Without memory of its own: it says, too, that there is none left.
    var line: [1024]u8 = undefined;
    var writer: std.Io.Writer = .fixed(&line);
    writer.print(format, arguments) catch {};
    var said: bindings.policy_string_t = .{ .ptr = &line, .len = writer.end };
    bindings.apportion_policy_diagnostics_log(&said);
}

/// Ends the run, as the policy's fault, where `holds` is false; the log says at which line:
/// `check(@src(), points.len == epoch.payeeCount())`.
pub fn check(here: std.builtin.SourceLocation, holds: bool) void {
    if (holds) return;
    log("{s}:{d}: in {s}: a check does not hold", .{ here.file, here.line, here.fn_name });
    @trap();
}
