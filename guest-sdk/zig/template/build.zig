//! `zig build` makes zig-out/bin/rule.wasm, a core module; `apportion policy build` makes a component of it.

const std = @import("std");

pub fn build(b: *std.Build) void {
    const options: std.Build.Module.CreateOptions = .{
        .target = b.resolveTargetQuery(.{ .cpu_arch = .wasm32, .os_tag = .freestanding }),
        // Indexes out of bounds and overflows end the run with a message instead of a wrong payout.
        .optimize = .ReleaseSafe,
        // Debug information holds paths of this machine, which would make every machine's component another one.
        .strip = true,
    };

    const apportion = b.createModule(options);
    apportion.root_source_file = b.path("kit/apportion.zig");
    apportion.addIncludePath(b.path("kit/bindings"));
    apportion.addIncludePath(b.path("kit/include"));

    const rule = b.createModule(options);
    rule.root_source_file = b.path("rule.zig");
    rule.addImport("apportion", apportion);

    const component = b.createModule(options);
    component.root_source_file = b.path("kit/component.zig");
    component.addImport("apportion", apportion);
    component.addImport("rule", rule);
    const compiled = b.addObject(.{ .name = "compiled", .root_module = component });
    compiled.bundle_compiler_rt = true;

    const generated = b.createModule(options);
    generated.addIncludePath(b.path("kit/include"));
    generated.addCSourceFile(.{ .file = b.path("kit/bindings/policy.c") });
    const bindings = b.addObject(.{ .name = "bindings", .root_module = generated });

    // Linked by itself and not stripped, so that the names of functions stay, for messages about traps.
    const linked = b.createModule(.{ .target = options.target, .optimize = options.optimize, .strip = false });
    linked.addObject(compiled);
    linked.addObject(bindings);
    linked.addObjectFile(b.path("kit/bindings/policy_component_type.o"));
    const module = b.addExecutable(.{ .name = "rule", .root_module = linked });
    module.bundle_compiler_rt = false;
    module.entry = .disabled;
    module.rdynamic = true;
    module.stack_size = 1024 * 1024;
    b.installArtifact(module);
}
