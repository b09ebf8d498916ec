//! Every payee in proportion to its points; the same rule as the standard policy `proportional`, share for share.

const std = @import("std");
const apportion = @import("apportion");
const epoch = apportion.epoch;

pub const policy: apportion.Policy = .{
    .name = "proportional",
    .version = "0.1.0",
    .summary = "Every payee in proportion to its points, which the parameters give for nodes, edges and their " ++
        "metrics; with an optional cap and minimum.",
    .parameters = @embedFile("parameters.json"),
};

pub const Parameters = struct {
    node_kinds: apportion.ByName = .{},
    node_metrics: apportion.ByName = .{},
    edge_kinds: apportion.ByName = .{},
    edge_metrics: apportion.ByName = .{},
    max_share: ?f64 = null,
    min_amount: f64 = 0,
};

pub fn allocate(parameters: Parameters) !apportion.Allocation {
    const of = parameters;
    if (of.node_kinds.names.len + of.node_metrics.names.len + of.edge_kinds.names.len + of.edge_metrics.names.len == 0) {
        return apportion.badParameters(
            "nothing earns points: give `node_kinds`, `node_metrics`, `edge_kinds` or `edge_metrics` an entry",
            .{},
        );
    }

    const from_nodes = try apportion.zeros(epoch.payeeCount());
    if (of.node_kinds.names.len > 0) {
        const factors = try of.node_kinds.column(epoch.nodeKinds(), 0);
        addNodes(from_nodes, try weighed(epoch.nodeKind(), epoch.nodeWeight(), factors));
    }
    for (of.node_metrics.names, of.node_metrics.numbers) |name, factor| {
        const values = epoch.nodeMetric(name) orelse
            return apportion.noAnswer("the epoch has no node metric `{s}`", .{name});
        addNodes(from_nodes, try measured(values, factor));
    }
    const from_edges = try apportion.zeros(epoch.payeeCount());
    if (of.edge_kinds.names.len > 0) {
        const factors = try of.edge_kinds.column(epoch.edgeKinds(), 0);
        addEdges(from_edges, try weighed(epoch.edgeKind(), epoch.edgeWeight(), factors));
    }
    for (of.edge_metrics.names, of.edge_metrics.numbers) |name, factor| {
        const values = epoch.edgeMetric(name) orelse
            return apportion.noAnswer("the epoch has no edge metric `{s}`", .{name});
        addEdges(from_edges, try measured(values, factor));
    }

    const total = try apportion.zeros(epoch.payeeCount());
    for (total, from_nodes, from_edges) |*points, nodes, edges| points.* = nodes + edges;
    const all = apportion.sum(total);
    if (!(all > 0 and std.math.isFinite(all))) return apportion.noAnswer("no payee has a point", .{});

    const pool = epoch.poolInUnits();
    const kept = try apportion.limits.withoutDust(total, pool, of.min_amount);
    // Without a cap the points themselves are the shares, and the engine divides exactly.
    var allocation = if (of.max_share) |most|
        try apportion.fromAmounts(try apportion.limits.capped(kept, pool, most), pool)
    else
        try apportion.fromScores(kept);
    allocation.measure("points", total);
    allocation.measure("points-from-nodes", from_nodes);
    allocation.measure("points-from-edges", from_edges);
    return allocation;
}

fn weighed(kinds: []const u32, weights: []const f64, factors: []const f64) ![]f64 {
    const points = try apportion.zeros(kinds.len);
    for (points, kinds, weights) |*earned, kind, weight| earned.* = weight * factors[kind];
    return points;
}

fn measured(values: []const f64, factor: f64) ![]f64 {
    const points = try apportion.zeros(values.len);
    for (points, values) |*earned, value| earned.* = @max(value, 0) * factor;
    return points;
}

fn addNodes(by_payee: []f64, points: []const f64) void {
    for (epoch.nodePayee(), points) |payee, earned| {
        if (payee != apportion.no_payee) by_payee[payee] += earned;
    }
}

fn addEdges(by_payee: []f64, points: []const f64) void {
    const owners = epoch.nodePayee();
    for (epoch.edgeTarget(), points) |target, earned| {
        const payee = owners[target];
        if (payee != apportion.no_payee) by_payee[payee] += earned;
    }
}
