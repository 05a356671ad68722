//! dynamic_cast. Source: Itanium C++ ABI, 2.9.5 (the layouts of std::type_info's kinds) and 2.9.7
//! (__dynamic_cast).

const std = @import("std");

/// std::type_info. What kind of class it describes, its virtual table tells.
const Type = extern struct {
    table: *const anyopaque,
    name: [*:0]const u8,

    fn isSame(one: *const Type, other: *const Type) bool {
        return one == other or one.name == other.name or
            // A name with an asterisk is unique by its address.
            (one.name[0] != '*' and std.mem.orderZ(u8, one.name, other.name) == .eq);
    }
};

/// abi::__si_class_type_info: one public base at offset zero.
const SingleInheritance = extern struct { type: Type, base: *const Type };

/// abi::__vmi_class_type_info: any other bases.
const MultipleInheritance = extern struct {
    type: Type,
    flags: u32,
    base_count: u32,

    fn bases(info: *const MultipleInheritance) []const Base {
        const first: [*]const Base = @ptrCast(@as([*]const MultipleInheritance, @ptrCast(info)) + 1);
        return first[0..info.base_count];
    }
};

const Base = extern struct {
    type: *const Type,
    /// Bit 0: virtual; bit 1: public; from bit 8 on: offset of the base, of a virtual one the place of its
    /// offset in the virtual table.
    description: isize,
};

/// The virtual tables of the kinds, which Bun's copies of them mark: only their addresses matter.
extern const _ZTVN10__cxxabiv120__si_class_type_infoE: u8;
extern const _ZTVN10__cxxabiv121__vmi_class_type_infoE: u8;

/// The pointer in an object is behind two words of the table: the offset to the whole object, and its type.
const table_head = 2 * @sizeOf(usize);

const Object = [*]const u8;

/// What stands before the entries of an object's virtual table.
const TableHead = extern struct { offset_to_whole: isize, type: *const Type };

fn tableOf(object: Object) [*]const u8 {
    return @as(*const [*]const u8, @ptrCast(@alignCast(object))).*;
}

/// `object`: a subobject of static type `source`. → the subobject of type `target`, or null. `hint`, where
/// `source` is in `target`, only serves to be faster.
export fn __dynamic_cast(object: Object, source: *const Type, target: *const Type, hint: isize) ?Object {
    _ = hint;
    const head: *const TableHead = @ptrCast(@alignCast(tableOf(object) - table_head));
    var search: Search = .{ .object = object, .source = source, .target = target };
    search.visit(moved(object, head.offset_to_whole), head.type, null, true);
    // Down, to the one target of which the object is a public base; otherwise across, between two public
    // bases.
    if (search.containing.place) |found| return if (search.containing.is_ambiguous) null else found;
    if (!search.object_is_public or !search.any_is_public or search.any.is_ambiguous) return null;
    return search.any.place;
}

const Search = struct {
    object: Object,
    source: *const Type,
    target: *const Type,
    /// Targets of which the object is a public base.
    containing: Find = .{},
    /// All targets, and whether one is a public base of the whole object.
    any: Find = .{},
    any_is_public: bool = false,
    /// Whether the object is a public base of the whole one.
    object_is_public: bool = false,

    /// `within`: the target of which this place is a public base. `public`: it is one of the whole object.
    fn visit(search: *Search, place: Object, place_type: *const Type, within: ?Object, public: bool) void {
        var target = within;
        if (place_type.isSame(search.target)) {
            target = place;
            search.any.add(place);
            search.any_is_public = search.any_is_public or public;
        }
        if (place == search.object and place_type.isSame(search.source)) {
            search.object_is_public = search.object_is_public or public;
            if (target) |found| search.containing.add(found);
            return;
        }
        if (place_type.table == tableAddress(&_ZTVN10__cxxabiv120__si_class_type_infoE)) {
            const info: *const SingleInheritance = @ptrCast(place_type);
            search.visit(place, info.base, target, public);
        } else if (place_type.table == tableAddress(&_ZTVN10__cxxabiv121__vmi_class_type_infoE)) {
            const info: *const MultipleInheritance = @ptrCast(place_type);
            for (info.bases()) |base| {
                const is_public = base.description & 2 != 0;
                search.visit(
                    baseOf(place, base),
                    base.type,
                    if (is_public) target else null,
                    public and is_public,
                );
            }
        }
    }
};

/// A virtual base is found again on each way to it; only a second place is ambiguous.
const Find = struct {
    place: ?Object = null,
    is_ambiguous: bool = false,

    fn add(find: *Find, place: Object) void {
        if (find.place) |before| {
            find.is_ambiguous = find.is_ambiguous or before != place;
        } else {
            find.place = place;
        }
    }
};

fn moved(place: Object, distance: isize) Object {
    return @ptrFromInt(@intFromPtr(place) +% @as(usize, @bitCast(distance)));
}

fn tableAddress(table: *const u8) *const anyopaque {
    return @ptrCast(@as([*]const u8, @ptrCast(table)) + table_head);
}

fn baseOf(place: Object, base: Base) Object {
    const offset = base.description >> 8;
    if (base.description & 1 == 0) return moved(place, offset);
    const stored: *const isize = @ptrCast(@alignCast(moved(tableOf(place), offset)));
    return moved(place, stored.*);
}

const testing = std.testing;

/// In the place of Bun's tables.
var single_table: [3]usize = @splat(0);
var multiple_table: [3]usize = @splat(0);
comptime {
    if (@import("builtin").is_test) {
        @export(&single_table, .{ .name = "_ZTVN10__cxxabiv120__si_class_type_infoE" });
        @export(&multiple_table, .{ .name = "_ZTVN10__cxxabiv121__vmi_class_type_infoE" });
    }
}

/// As a compiler lays out: struct A { virtual ~A(); }; struct B likewise; struct C : public A, SECOND B {};
/// struct D : public C {}.
const Example = struct {
    const a: Type = .{ .table = &a, .name = "1A" };
    const b: Type = .{ .table = &b, .name = "1B" };
    const unrelated: Type = .{ .table = &unrelated, .name = "1U" };
    const Two = extern struct { info: MultipleInheritance, bases: [2]Base };
    const Table = extern struct { head: TableHead, entry: usize = 0 };
    const Whole = extern struct { first: [*]const u8, second: [*]const u8 };

    two: Two,
    d: SingleInheritance,
    tables: [2]Table,
    whole: Whole,

    fn init(example: *Example, second_is_public: bool) void {
        example.two = .{
            .info = .{
                .type = .{ .table = tableAddress(&_ZTVN10__cxxabiv121__vmi_class_type_infoE), .name = "1C" },
                .flags = 0,
                .base_count = 2,
            },
            .bases = .{
                .{ .type = &a, .description = 2 },
                .{
                    .type = &b,
                    .description = @as(isize, @offsetOf(Whole, "second")) << 8 | @as(
                        isize,
                        if (second_is_public) 2 else 0,
                    ),
                },
            },
        };
        example.d = .{
            .type = .{ .table = tableAddress(&_ZTVN10__cxxabiv120__si_class_type_infoE), .name = "1D" },
            .base = &example.two.info.type,
        };
        example.tables = .{
            .{ .head = .{ .offset_to_whole = 0, .type = &example.d.type } },
            .{
                .head = .{
                    .offset_to_whole = -@as(isize, @offsetOf(Whole, "second")),
                    .type = &example.d.type,
                },
            },
        };
        example.whole = .{
            .first = @ptrCast(&example.tables[0].entry),
            .second = @ptrCast(&example.tables[1].entry),
        };
    }
};

test "down to the class that contains the object, across to another public base, nowhere else" {
    var example: Example = undefined;
    example.init(true);
    const first: Object = @ptrCast(&example.whole.first);
    const second: Object = @ptrCast(&example.whole.second);
    try testing.expectEqual(first, __dynamic_cast(second, &Example.b, &example.d.type, -1));
    try testing.expectEqual(first, __dynamic_cast(second, &Example.b, &example.two.info.type, -1));
    try testing.expectEqual(first, __dynamic_cast(second, &Example.b, &Example.a, -1));
    try testing.expectEqual(second, __dynamic_cast(first, &Example.a, &Example.b, -1));
    try testing.expectEqual(null, __dynamic_cast(first, &Example.a, &Example.unrelated, -1));
}

test "a private base is not a way" {
    var example: Example = undefined;
    example.init(false);
    const first: Object = @ptrCast(&example.whole.first);
    const second: Object = @ptrCast(&example.whole.second);
    try testing.expectEqual(null, __dynamic_cast(second, &Example.b, &example.d.type, -1));
    try testing.expectEqual(null, __dynamic_cast(second, &Example.b, &Example.a, -1));
    try testing.expectEqual(null, __dynamic_cast(first, &Example.a, &Example.b, -1));
    try testing.expectEqual(first, __dynamic_cast(first, &Example.a, &example.d.type, -1));
}

test "types with the same name are the same" {
    var example: Example = undefined;
    example.init(true);
    const again: Type = .{ .table = example.d.type.table, .name = &"1D".* };
    try testing.expectEqual(
        @as(Object, @ptrCast(&example.whole)),
        __dynamic_cast(@ptrCast(&example.whole.second), &Example.b, &again, -1),
    );
}
