//! Where C++ gives up. Bun is compiled without exceptions: what would throw one ends the process.

const std = @import("std");
const c = std.c;

export fn _ZSt17__throw_bad_allocv() noreturn {
    giveUp("out of memory");
}

export fn _ZSt28__throw_bad_array_new_lengthv() noreturn {
    giveUp("bad array length");
}

export fn _ZSt19__throw_logic_errorPKc(what: [*:0]const u8) noreturn {
    giveUp(std.mem.span(what));
}

export fn _ZSt20__throw_length_errorPKc(what: [*:0]const u8) noreturn {
    giveUp(std.mem.span(what));
}

/// `format`: of printf, whose arguments are left out.
export fn _ZSt24__throw_out_of_range_fmtPKcz(format: [*:0]const u8, ...) noreturn {
    giveUp(std.mem.span(format));
}

export fn _ZSt20__throw_system_errori(code: c_int) noreturn {
    giveUp(std.mem.span(strerror(code)));
}

export fn _ZSt25__throw_bad_function_callv() noreturn {
    giveUp("bad function call");
}

export fn _ZSt21__glibcxx_assert_failPKciS0_S0_(
    file: ?[*:0]const u8,
    line: c_int,
    function: ?[*:0]const u8,
    condition: ?[*:0]const u8,
) noreturn {
    _ = .{ file, line, function };
    giveUp(if (condition) |text| std.mem.span(text) else "assertion failed");
}

export fn __cxa_pure_virtual() noreturn {
    giveUp("pure virtual function called");
}

export fn __cxa_bad_typeid() noreturn {
    giveUp("typeid of a null pointer");
}

export fn _ZSt9terminatev() noreturn {
    giveUp("terminate called");
}

/// std::set_terminate. → the handler so far.
export fn _ZSt13set_terminatePFvvE(handler: ?*const anyopaque) ?*const anyopaque {
    return @atomicRmw(?*const anyopaque, &terminate_handler, .Xchg, handler, .acq_rel);
}

var terminate_handler: ?*const anyopaque = null;

/// std::get_new_handler: there is none.
export fn _ZSt15get_new_handlerv() ?*const anyopaque {
    return null;
}

/// -2: not a name that can be demangled. Only reports of crashes would print one.
export fn __cxa_demangle(mangled: ?[*:0]const u8, output: ?[*]u8, length: ?*usize, status: ?*c_int) ?[*:0]u8 {
    _ = .{ mangled, output, length };
    if (status) |result| result.* = -2;
    return null;
}

extern fn strerror(code: c_int) [*:0]const u8;

fn giveUp(what: []const u8) noreturn {
    const head = "bunc: internal error: ";
    const parts = [_]std.posix.iovec_const{
        .{ .base = head, .len = head.len },
        .{ .base = what.ptr, .len = what.len },
        .{ .base = "\n", .len = 1 },
    };
    _ = c.writev(2, &parts, parts.len);
    c.abort();
}
