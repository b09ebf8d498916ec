//! Every payee is paid what it earned over all epochs and was not paid yet: an example of a rule that remembers.

const std = @import("std");
const apportion = @import("apportion");
const epoch = apportion.epoch;

pub const policy: apportion.Policy = .{
    .name = "arrears",
    .version = "0.1.0",
    .summary = "Every payee what it earned over all epochs and was not paid yet, in the order of payees, as long as the " ++
        "pool lasts.",
    .parameters = @embedFile("parameters.json"),
    .stateful = true,
};

pub const Parameters = struct {
    wage: u32 = 1,
    label: []const u8 = "state",
    word: []const u8 = "done",
};

/// What a payee earned so far, in base units.
const Account = struct { payee: []const u8, earned: u128 };

pub fn allocate(parameters: Parameters) !apportion.Allocation {
    const nodes = epoch.nodeLabel(parameters.label);
    const edges = epoch.edgeLabel(parameters.label);
    if (nodes == null and edges == null) {
        return apportion.noAnswer("the epoch has no label `{s}`", .{parameters.label});
    }
    const wage = parameters.wage * try std.math.powi(u128, 10, epoch.decimals());

    const payees = epoch.payeeIds();
    var accounts = try read(epoch.carry());
    const places = try apportion.memory.alloc(usize, payees.len);
    for (places, payees) |*of, payee| of.* = try place(&accounts, payee);
    const owners = epoch.nodePayee();
    if (nodes) |states| for (owners, states.rows) |payee, state| {
        if (payee != apportion.no_payee and std.mem.eql(u8, states.words[state], parameters.word)) {
            accounts.items[places[payee]].earned += wage;
        }
    };
    if (edges) |states| for (epoch.edgeTarget(), states.rows) |target, state| {
        const payee = owners[target];
        if (payee != apportion.no_payee and std.mem.eql(u8, states.words[state], parameters.word)) {
            accounts.items[places[payee]].earned += wage;
        }
    };

    const amounts = try apportion.memory.alloc(u128, payees.len);
    const earned = try apportion.zeros(payees.len);
    const owed = try apportion.zeros(payees.len);
    var left = epoch.pool();
    for (amounts, places, try epoch.paid(), 0..) |*amount, of, paid, payee| {
        const all = accounts.items[of].earned;
        const due = all -| paid;
        earned[payee] = @floatFromInt(all);
        owed[payee] = @floatFromInt(due);
        amount.* = @min(due, left);
        left -= amount.*;
    }
    var allocation: apportion.Allocation = .{
        .division = .{ .by_amount = amounts },
        .carry = try written(accounts.items),
    };
    allocation.measure("earned", earned);
    allocation.measure("owed", owed);
    return allocation;
}

/// The place of a payee's account, which is opened if there is none.
fn place(accounts: *std.ArrayList(Account), payee: []const u8) !usize {
    for (accounts.items, 0..) |account, row| if (std.mem.eql(u8, account.payee, payee)) return row;
    try accounts.append(apportion.memory, .{ .payee = payee, .earned = 0 });
    return accounts.items.len - 1;
}

/// An account in the carry: the length of the payee's id in 2 bytes, the id, and what it earned in 16, smallest first.
fn read(carry: []const u8) !std.ArrayList(Account) {
    var accounts: std.ArrayList(Account) = .empty;
    var rest = carry;
    while (rest.len > 0) {
        const id = rest[2..][0..std.mem.readInt(u16, rest[0..2], .little)];
        rest = rest[2 + id.len ..];
        try accounts.append(apportion.memory, .{ .payee = id, .earned = std.mem.readInt(u128, rest[0..16], .little) });
        rest = rest[16..];
    }
    return accounts;
}

fn written(accounts: []const Account) ![]const u8 {
    var carry: std.ArrayList(u8) = .empty;
    for (accounts) |account| {
        var length: [2]u8 = undefined;
        var earned: [16]u8 = undefined;
        std.mem.writeInt(u16, &length, @intCast(account.payee.len), .little);
        std.mem.writeInt(u128, &earned, account.earned, .little);
        for ([_][]const u8{ &length, account.payee, &earned }) |part| try carry.appendSlice(apportion.memory, part);
    }
    return carry.items;
}
