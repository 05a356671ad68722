//! The tables behind std::unordered_map and std::unordered_set: their hash and how many buckets they have.

const std = @import("std");

/// std::_Hash_bytes.
export fn _ZSt11_Hash_bytesPKvmm(bytes: [*]const u8, length: usize, seed: usize) usize {
    return std.hash.Murmur2_64.hashWithSeed(bytes[0..length], seed);
}

/// std::__detail::_Prime_rehash_policy.
const Policy = extern struct { max_load_factor: f32, next_resize: usize };

/// std::pair<bool, std::size_t>: whether to rehash, and to how many buckets.
const Rehash = extern struct { needed: bool, buckets: usize };

/// Of a table that grows for the first time, at least.
const first_elements = 11;

/// → a number of buckets of at least `wanted`, after which the policy knows at how many elements to ask
/// again.
export fn _ZNKSt8__detail20_Prime_rehash_policy11_M_next_bktEm(policy: *Policy, wanted: usize) usize {
    const buckets = prime(wanted);
    policy.next_resize = elements(policy, buckets);
    return buckets;
}

export fn _ZNKSt8__detail20_Prime_rehash_policy14_M_need_rehashEmmm(
    policy: *Policy,
    buckets: usize,
    present: usize,
    added: usize,
) Rehash {
    const total = present + added;
    if (total <= policy.next_resize) return .{ .needed = false, .buckets = 0 };
    const least = if (policy.next_resize == 0) @max(total, first_elements) else total;
    const needed: usize = @intFromFloat(@as(f64, @floatFromInt(least)) / policy.max_load_factor);
    if (needed < buckets) {
        policy.next_resize = elements(policy, buckets);
        return .{ .needed = false, .buckets = 0 };
    }
    return .{
        .needed = true,
        .buckets = _ZNKSt8__detail20_Prime_rehash_policy11_M_next_bktEm(
            policy,
            @max(needed + 1, buckets * 2),
        ),
    };
}

/// That so many buckets hold.
fn elements(policy: *const Policy, buckets: usize) usize {
    return @intFromFloat(@as(f64, @floatFromInt(buckets)) * policy.max_load_factor);
}

/// The first prime from `least` on; at least 2.
fn prime(least: usize) usize {
    if (least <= 2) return 2;
    var candidate = least | 1;
    while (!isPrime(candidate)) candidate += 2;
    return candidate;
}

/// `odd` is odd and at least 3.
fn isPrime(odd: usize) bool {
    var divisor: usize = 3;
    while (divisor <= odd / divisor) : (divisor += 2) {
        if (odd % divisor == 0) return false;
    }
    return true;
}

test "the number of buckets is a prime that is large enough" {
    for ([_]usize{ 0, 1, 2, 3, 4, 9, 25, 26, 1000, 1_000_000 }, [_]usize{
        2,
        2,
        2,
        3,
        5,
        11,
        29,
        29,
        1009,
        1_000_003,
    }) |wanted, buckets| {
        try std.testing.expectEqual(buckets, prime(wanted));
    }
}

test "a table grows when its elements exceed the load factor, at least twofold" {
    var policy: Policy = .{ .max_load_factor = 1, .next_resize = 0 };
    const first = _ZNKSt8__detail20_Prime_rehash_policy14_M_need_rehashEmmm(&policy, 1, 0, 1);
    try std.testing.expectEqual(Rehash{ .needed = true, .buckets = 13 }, first);
    try std.testing.expectEqual(13, policy.next_resize);
    try std.testing.expect(
        !_ZNKSt8__detail20_Prime_rehash_policy14_M_need_rehashEmmm(&policy, 13, 12, 1).needed,
    );
    const second = _ZNKSt8__detail20_Prime_rehash_policy14_M_need_rehashEmmm(&policy, 13, 13, 1);
    try std.testing.expectEqual(Rehash{ .needed = true, .buckets = 29 }, second);
}

test "a table with room enough learns its new limit" {
    var policy: Policy = .{ .max_load_factor = 2, .next_resize = 5 };
    try std.testing.expect(
        !_ZNKSt8__detail20_Prime_rehash_policy14_M_need_rehashEmmm(&policy, 13, 5, 1).needed,
    );
    try std.testing.expectEqual(26, policy.next_resize);
}
