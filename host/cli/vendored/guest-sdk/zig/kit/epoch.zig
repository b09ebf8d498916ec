//! The epoch being settled: all that a policy can know. Nodes are sorted by id; edges by source, target, kind, time,
//! then the rest. Credit flows along an edge from its source to its target: the source relied on the target.

const std = @import("std");
const apportion = @import("apportion.zig");
const c = apportion.bindings;

const Span = c.apportion_policy_types_span_t;

pub fn number() u64 {
    return c.apportion_policy_epoch_number();
}

pub const Window = struct {
    /// Inclusive, in seconds since 1970-01-01 UTC.
    start: i64,
    /// Exclusive.
    end: i64,
};

pub fn window() Window {
    var given: c.policy_tuple2_s64_s64_t = undefined;
    c.apportion_policy_epoch_window(&given);
    return .{ .start = given.f0, .end = given.f1 };
}

/// What this policy divides, in base units.
pub fn pool() u128 {
    var amount: c.apportion_policy_types_amount_t = undefined;
    c.apportion_policy_epoch_pool(&amount);
    return joined(amount);
}

/// The pool in whole units of the asset, to the nearest double: for rules that speak of `200 OP`.
pub fn poolInUnits() f64 {
    const unit = std.math.powi(u128, 10, decimals()) catch unreachable;
    // Whole units and the rest are converted apart so that a pool of whole units is exact.
    const whole: f64 = @floatFromInt(pool() / unit);
    const rest: f64 = @floatFromInt(pool() % unit);
    return whole + rest / @as(f64, @floatFromInt(unit));
}

/// The asset's symbol.
pub fn asset() []const u8 {
    var symbol: c.policy_string_t = undefined;
    c.apportion_policy_epoch_asset(&symbol);
    return symbol.ptr[0..symbol.len];
}

/// One whole unit of the asset is 10^decimals base units; 0 to 38.
pub fn decimals() u32 {
    return c.apportion_policy_epoch_decimals();
}

/// The same for everyone who settles this epoch, under any policy.
pub fn seed() u64 {
    return c.apportion_policy_epoch_seed();
}

pub fn payeeCount() u32 {
    return c.apportion_policy_epoch_payee_count();
}

pub fn nodeCount() u32 {
    return c.apportion_policy_graph_node_count();
}

pub fn edgeCount() u32 {
    return c.apportion_policy_graph_edge_count();
}

fn offsetCount() u32 {
    return nodeCount() + 1;
}

/// Sorted by their bytes. The index of a payee is its row.
pub fn payeeIds() []const []const u8 {
    return texts(c.apportion_policy_epoch_payee_ids, payeeCount);
}

pub fn nodeIds() []const []const u8 {
    return texts(c.apportion_policy_graph_node_ids, nodeCount);
}

/// Sorted; every kind occurs.
pub fn nodeKinds() []const []const u8 {
    return names(c.apportion_policy_graph_node_kinds);
}

/// Sorted; every kind occurs.
pub fn edgeKinds() []const []const u8 {
    return names(c.apportion_policy_graph_edge_kinds);
}

/// Index into `nodeKinds`.
pub fn nodeKind() []const u32 {
    return column(u32, c.apportion_policy_graph_node_kind, nodeCount);
}

/// Finite, 0 or more.
pub fn nodeWeight() []const f64 {
    return column(f64, c.apportion_policy_graph_node_weight, nodeCount);
}

/// Seconds since 1970-01-01 UTC.
pub fn nodeTime() []const i64 {
    return column(i64, c.apportion_policy_graph_node_time, nodeCount);
}

/// Index of the payee that owns the node, or `no_payee`.
pub fn nodePayee() []const u32 {
    return column(u32, c.apportion_policy_graph_node_payee, nodeCount);
}

/// Index of a node.
pub fn edgeSource() []const u32 {
    return column(u32, c.apportion_policy_graph_edge_source, edgeCount);
}

/// Index of a node.
pub fn edgeTarget() []const u32 {
    return column(u32, c.apportion_policy_graph_edge_target, edgeCount);
}

/// Index into `edgeKinds`.
pub fn edgeKind() []const u32 {
    return column(u32, c.apportion_policy_graph_edge_kind, edgeCount);
}

/// Finite, 0 or more.
pub fn edgeWeight() []const f64 {
    return column(f64, c.apportion_policy_graph_edge_weight, edgeCount);
}

/// Seconds since 1970-01-01 UTC.
pub fn edgeTime() []const i64 {
    return column(i64, c.apportion_policy_graph_edge_time, edgeCount);
}

/// The edges that leave node n are rows `[offsets[n], offsets[n + 1])`.
pub fn edgeOffsets() []const u32 {
    return column(u32, c.apportion_policy_graph_edge_offsets, offsetCount);
}

/// Names of the further columns of numbers, sorted.
pub fn nodeMetrics() []const []const u8 {
    return names(c.apportion_policy_graph_node_metrics);
}

pub fn edgeMetrics() []const []const u8 {
    return names(c.apportion_policy_graph_edge_metrics);
}

/// Names of the further columns of words, sorted.
pub fn nodeLabels() []const []const u8 {
    return names(c.apportion_policy_graph_node_labels);
}

pub fn edgeLabels() []const []const u8 {
    return names(c.apportion_policy_graph_edge_labels);
}

/// None if the epoch has no such column. Each call copies it anew, here and below.
pub fn nodeMetric(name: []const u8) ?[]const f64 {
    return named(f64, c.apportion_policy_graph_node_metric, name, nodeCount());
}

pub fn edgeMetric(name: []const u8) ?[]const f64 {
    return named(f64, c.apportion_policy_graph_edge_metric, name, edgeCount());
}

pub const Label = struct {
    /// Sorted; the first is the empty word, which stands for absent.
    words: []const []const u8,
    /// Index into `words`, one a row.
    rows: []const u32,
};

pub fn nodeLabel(name: []const u8) ?Label {
    const rows = named(u32, c.apportion_policy_graph_node_label, name, nodeCount()) orelse return null;
    return .{ .words = dictionary(c.apportion_policy_graph_node_dictionary, name), .rows = rows };
}

pub fn edgeLabel(name: []const u8) ?Label {
    const rows = named(u32, c.apportion_policy_graph_edge_label, name, edgeCount()) orelse return null;
    return .{ .words = dictionary(c.apportion_policy_graph_edge_dictionary, name), .rows = rows };
}

/// For a stateful policy: what each payee has been paid by this programme so far.
pub fn paid() error{OutOfMemory}![]const u128 {
    var all: Span = .{ .start = 0, .count = payeeCount() };
    var halves: c.apportion_policy_history_list_amount_t = undefined;
    c.apportion_policy_history_paid(&all, &halves);
    const amounts = try apportion.memory.alloc(u128, halves.len);
    for (amounts, 0..) |*amount, payee| amount.* = joined(halves.ptr[payee]);
    return amounts;
}

/// For a stateful policy: what it handed over at the last epoch; empty at the first.
pub fn carry() []const u8 {
    var bytes: c.policy_list_u8_t = undefined;
    c.apportion_policy_history_carry(&bytes);
    return slice(u8, bytes);
}

fn joined(amount: c.apportion_policy_types_amount_t) u128 {
    return @as(u128, amount.high) << 64 | amount.low;
}

// An empty list has no address.
fn slice(Value: type, list: anytype) []const Value {
    return if (list.len == 0) &.{} else list.ptr[0..list.len];
}

fn strings(list: c.policy_list_string_t) []const []const u8 {
    const all = apportion.memory.alloc([]const u8, list.len) catch @panic("there is no more memory");
    for (all, 0..) |*text, row| text.* = slice(u8, list.ptr[row]);
    return all;
}

fn List(Value: type) type {
    return switch (Value) {
        u32 => c.policy_list_u32_t,
        i64 => c.policy_list_s64_t,
        f64 => c.policy_list_f64_t,
        else => unreachable,
    };
}

// A column of all rows, copied when it is first asked for: `read` makes a variable for each function.
fn column(Value: type, comptime read: anytype, comptime count: fn () u32) []const Value {
    const kept = struct {
        var values: ?[]const Value = null;
        const of = read;
    };
    if (kept.values == null) {
        var all: Span = .{ .start = 0, .count = count() };
        var list: List(Value) = undefined;
        kept.of(&all, &list);
        kept.values = slice(Value, list);
    }
    return kept.values.?;
}

fn texts(comptime read: anytype, comptime count: fn () u32) []const []const u8 {
    const kept = struct {
        var values: ?[]const []const u8 = null;
        const of = read;
    };
    if (kept.values == null) {
        var all: Span = .{ .start = 0, .count = count() };
        var list: c.policy_list_string_t = undefined;
        kept.of(&all, &list);
        kept.values = strings(list);
    }
    return kept.values.?;
}

fn names(comptime read: anytype) []const []const u8 {
    const kept = struct {
        var values: ?[]const []const u8 = null;
        const of = read;
    };
    if (kept.values == null) {
        var list: c.policy_list_string_t = undefined;
        kept.of(&list);
        kept.values = strings(list);
    }
    return kept.values.?;
}

fn named(Value: type, comptime read: anytype, name: []const u8, count: u32) ?[]const Value {
    var all: Span = .{ .start = 0, .count = count };
    var asked: c.policy_string_t = .{ .ptr = @constCast(name.ptr), .len = name.len };
    var list: List(Value) = undefined;
    return if (read(&asked, &all, &list)) slice(Value, list) else null;
}

fn dictionary(comptime read: anytype, name: []const u8) []const []const u8 {
    var asked: c.policy_string_t = .{ .ptr = @constCast(name.ptr), .len = name.len };
    var list: c.policy_list_string_t = undefined;
    return if (read(&asked, &list)) strings(list) else &.{};
}
