//! What the component exports: the author's `policy`, `Parameters` and `allocate`, as the contract has them.

const std = @import("std");
const apportion = @import("apportion");
const author = @import("rule");
const c = apportion.bindings;

comptime {
    if (!@hasDecl(author, "policy") or @TypeOf(author.policy) != apportion.Policy) {
        @compileError("rule.zig must have: pub const policy: apportion.Policy = .{ ... };");
    }
    if (!@hasDecl(author, "Parameters")) {
        @compileError("rule.zig must have: pub const Parameters = struct { ... };");
    }
    if (!@hasDecl(author, "allocate") or !dividesThePool(@typeInfo(@TypeOf(author.allocate)))) {
        @compileError("rule.zig must have: pub fn allocate(parameters: Parameters) !apportion.Allocation");
    }
}

fn dividesThePool(allocate: std.builtin.Type) bool {
    if (allocate != .@"fn" or allocate.@"fn".params.len != 1) return false;
    const returned = @typeInfo(allocate.@"fn".return_type orelse return false);
    return allocate.@"fn".params[0].type == author.Parameters and
        returned == .error_union and returned.error_union.payload == apportion.Allocation;
}

/// A panic's message reaches the run's log before the trap.
pub const panic = std.debug.FullPanic(struct {
    fn logged(message: []const u8, _: ?usize) noreturn {
        apportion.log("panic: {s}", .{message});
        @trap();
    }
}.logged);

export fn exports_apportion_policy_rule_describe(described: *c.exports_apportion_policy_rule_description_t) void {
    described.* = .{
        .name = text(author.policy.name),
        .version = text(author.policy.version),
        .summary = text(author.policy.summary),
        .parameters = text(author.policy.parameters),
        .stateful = author.policy.stateful,
    };
}

export fn exports_apportion_policy_rule_allocate(
    parameters: *c.policy_string_t,
    allocation: *c.exports_apportion_policy_rule_allocation_t,
    refusal: *c.exports_apportion_policy_rule_refusal_t,
) bool {
    const written = parameters.ptr[0..parameters.len];
    const read = std.json.parseFromSliceLeaky(author.Parameters, apportion.memory, written, .{}) catch |wrong| {
        apportion.log("the parameters are no `Parameters`: {t}; the schema should refuse them", .{wrong});
        @trap();
    };
    // A function of its own, so that what stops the run in it is told with its name.
    const answer: anyerror!apportion.Allocation = @call(.never_inline, author.allocate, .{read});
    allocation.* = lowered(answer catch |wrong| {
        if (wrong == error.Refused) if (apportion.refusal) |refused| {
            refusal.tag = switch (refused.why) {
                .bad_parameters => c.APPORTION_POLICY_TYPES_REFUSAL_BAD_PARAMETERS,
                .no_answer => c.APPORTION_POLICY_TYPES_REFUSAL_NO_ANSWER,
            };
            refusal.val.no_answer = text(refused.sentence);
            return false;
        };
        apportion.log("`allocate` failed: error.{t}", .{wrong});
        @trap();
    }) catch @panic("there is no more memory");
    return true;
}

fn text(words: []const u8) c.policy_string_t {
    return .{ .ptr = address(words), .len = words.len };
}

// Where a list begins. An allocator of Zig gives an empty one an address beyond all memory, which no engine takes.
fn address(list: anytype) @TypeOf(@constCast(list.ptr)) {
    return if (list.len == 0) @ptrCast(@constCast(&nothing)) else @constCast(list.ptr);
}

const nothing: u128 align(16) = 0;

fn lowered(answer: apportion.Allocation) !c.exports_apportion_policy_rule_allocation_t {
    const measures = try apportion.memory.alloc(c.apportion_policy_types_measure_t, answer.measure_count);
    for (measures, answer.measures[0..measures.len]) |*measure, given| measure.* = .{
        .name = text(given.name),
        .values = .{ .ptr = address(given.values), .len = given.values.len },
    };
    var division: c.apportion_policy_types_division_t = undefined;
    switch (answer.division) {
        .by_weight => |weights| {
            division.tag = c.APPORTION_POLICY_TYPES_DIVISION_BY_WEIGHT;
            division.val = .{ .by_weight = .{
                .shares = .{ .ptr = address(weights.shares), .len = weights.shares.len },
                .retained = weights.retained,
            } };
        },
        .by_amount => |amounts| {
            const halves = try apportion.memory.alloc(c.apportion_policy_types_amount_t, amounts.len);
            for (halves, amounts) |*half, amount| {
                half.* = .{ .high = @truncate(amount >> 64), .low = @truncate(amount) };
            }
            division.tag = c.APPORTION_POLICY_TYPES_DIVISION_BY_AMOUNT;
            division.val = .{ .by_amount = .{ .ptr = address(halves), .len = halves.len } };
        },
    }
    return .{
        .division = division,
        .measures = .{ .ptr = address(measures), .len = measures.len },
        .carry = .{ .ptr = address(answer.carry), .len = answer.carry.len },
    };
}

// What the generated bindings need of a C library. A block lies behind a header with its size.

const Header = extern struct { size: usize align(16) };

export fn realloc(block: ?[*]align(16) u8, size: usize) [*]align(16) u8 {
    if (block) |had| {
        const header: *Header = @ptrCast(had - @sizeOf(Header));
        if (size <= header.size) return had;
        const moved = realloc(null, size);
        @memcpy(moved[0..header.size], had[0..header.size]);
        return moved;
    }
    const bytes = apportion.memory.alignedAlloc(u8, .@"16", size + @sizeOf(Header)) catch
        @panic("there is no more memory");
    @as(*Header, @ptrCast(bytes.ptr)).size = size;
    return @alignCast(bytes.ptr + @sizeOf(Header));
}

export fn free(_: ?*anyopaque) void {}

export fn abort() noreturn {
    @panic("the bindings gave up");
}
