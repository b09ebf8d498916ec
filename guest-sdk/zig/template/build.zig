//! `zig build` makes zig-out/bin/policy.wasm, a core module; `apportion policy build` makes a component of it.

const std = @import("std");

pub fn build(b: *std.Build) void {
    const target = b.resolveTargetQuery(.{ .cpu_arch = .wasm32, .os_tag = .freestanding });
    const options: std.Build.Module.CreateOptions = .{
        .target = target,
        // Indexes out of bounds and overflows end the run with a message instead of a wrong payout.
        .optimize = .ReleaseSafe,
        .strip = true,
    };

    const apportion = b.createModule(options);
    apportion.root_source_file = b.path("kit/apportion.zig");
    apportion.addIncludePath(b.path("kit/bindings"));
    apportion.addIncludePath(b.path("kit/include"));

    const policy = b.createModule(options);
    policy.root_source_file = b.path("policy.zig");
    policy.addImport("apportion", apportion);

    const component = b.createModule(options);
    component.root_source_file = b.path("kit/component.zig");
    component.addImport("apportion", apportion);
    component.addImport("policy", policy);
    component.addIncludePath(b.path("kit/include"));
    component.addCSourceFile(.{ .file = b.path("kit/bindings/policy.c") });
    component.addObjectFile(b.path("kit/bindings/policy_component_type.o"));

    const module = b.addExecutable(.{ .name = "policy", .root_module = component });
    module.entry = .disabled;
    module.rdynamic = true;
    module.stack_size = 1024 * 1024;
    b.installArtifact(module);
}
