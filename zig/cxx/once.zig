//! std::call_once: the caller leaves what to call in two variables of its thread, and runs the proxy through
//! pthread_once(3).

export threadlocal var _ZSt15__once_callable: ?*anyopaque = null;
export threadlocal var _ZSt11__once_call: ?*const fn () callconv(.c) void = null;

export fn __once_proxy() void {
    _ZSt11__once_call.?();
}
