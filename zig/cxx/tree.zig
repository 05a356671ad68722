//! The red-black tree behind std::map and std::set. Its header node is no element: its parent is the root,
//! its left and right are the first and the last element; it is red where the root is black. Source: Cormen,
//! Leiserson, Rivest, Stein, Introduction to Algorithms, chapter 13.

const Color = enum(c_int) { red, black };

/// std::_Rb_tree_node_base.
const Node = extern struct {
    color: Color,
    parent: ?*Node,
    left: ?*Node,
    right: ?*Node,

    fn child(node: *Node, which: Side) *?*Node {
        return switch (which) {
            .left => &node.left,
            .right => &node.right,
        };
    }

    /// Of its parent.
    fn side(node: *const Node) Side {
        return if (node == node.parent.?.left) .left else .right;
    }

    fn outermost(node: *Node, towards: Side) *Node {
        var at = node;
        while (at.child(towards).*) |next| at = next;
        return at;
    }
};

const Side = enum {
    left,
    right,

    fn other(side: Side) Side {
        return if (side == .left) .right else .left;
    }
};

/// std::_Rb_tree_increment: the element after this one, the header after the last.
export fn _ZSt18_Rb_tree_incrementPSt18_Rb_tree_node_base(node: *Node) *Node {
    return neighbour(node, .right);
}

/// std::_Rb_tree_decrement: the element before this one; of the header, the last.
export fn _ZSt18_Rb_tree_decrementPSt18_Rb_tree_node_base(node: *Node) *Node {
    const is_header = node.color == .red and node.parent.?.parent == node;
    return if (is_header) node.right.? else neighbour(node, .left);
}

fn neighbour(node: *Node, towards: Side) *Node {
    if (node.child(towards).*) |next| return next.outermost(towards.other());
    var at = node;
    var above = at.parent.?;
    while (at == above.child(towards).*) {
        at = above;
        above = at.parent.?;
    }
    // Where the root has nothing on this side, the way up went round: from the root to the header and back.
    return if (at.child(towards).* == above) at else above;
}

/// std::_Rb_tree_insert_and_rebalance: puts `node` below `parent`, which is the header in an empty tree.
export fn _ZSt29_Rb_tree_insert_and_rebalancebPSt18_Rb_tree_node_baseS0_RS_(
    insert_left: bool,
    node: *Node,
    parent: *Node,
    header: *Node,
) void {
    node.* = .{ .color = .red, .parent = parent, .left = null, .right = null };
    if (parent == header) {
        header.parent = node;
        header.left = node;
        header.right = node;
    } else if (insert_left) {
        parent.left = node;
        if (parent == header.left) header.left = node;
    } else {
        parent.right = node;
        if (parent == header.right) header.right = node;
    }

    var at = node;
    while (at != header.parent and at.parent.?.color == .red) {
        // A red parent is not the root, so there is a grandparent.
        const side = at.parent.?.side();
        const grandparent = at.parent.?.parent.?;
        const uncle = grandparent.child(side.other()).*;
        if (isRed(uncle)) {
            at.parent.?.color = .black;
            uncle.?.color = .black;
            grandparent.color = .red;
            at = grandparent;
            continue;
        }
        if (at.side() != side) {
            at = at.parent.?;
            rotate(at, side, header);
        }
        at.parent.?.color = .black;
        grandparent.color = .red;
        rotate(grandparent, side.other(), header);
    }
    header.parent.?.color = .black;
}

/// std::_Rb_tree_rebalance_for_erase: takes `node` out of the tree. → the node, for its owner to free.
export fn _ZSt28_Rb_tree_rebalance_for_erasePSt18_Rb_tree_node_baseRS_(node: *Node, header: *Node) *Node {
    if (header.left == node) header.left = neighbourOrHeader(node, .right);
    if (header.right == node) header.right = neighbourOrHeader(node, .left);

    var removed_color = node.color;
    var at: ?*Node = undefined;
    var above: *Node = undefined;
    if (node.left != null and node.right != null) {
        // The next element takes the place and the colour of the node.
        const next = node.right.?.outermost(.left);
        removed_color = next.color;
        at = next.right;
        if (next.parent == node) {
            above = next;
        } else {
            above = next.parent.?;
            replace(next, at, header);
            next.right = node.right;
            next.right.?.parent = next;
        }
        replace(node, next, header);
        next.left = node.left;
        next.left.?.parent = next;
        next.color = node.color;
    } else {
        at = node.left orelse node.right;
        above = node.parent.?;
        replace(node, at, header);
    }
    if (removed_color == .black) restoreBlackHeight(at, above, header);
    return node;
}

/// `at`, below `above`, has one black node too few on each of its paths.
fn restoreBlackHeight(start: ?*Node, start_above: *Node, header: *Node) void {
    var at = start;
    var above = start_above;
    while (at != header.parent and !isRed(at)) {
        const side: Side = if (at == above.left) .left else .right;
        var sibling = above.child(side.other()).*.?;
        if (sibling.color == .red) {
            sibling.color = .black;
            above.color = .red;
            rotate(above, side, header);
            sibling = above.child(side.other()).*.?;
        }
        if (!isRed(sibling.left) and !isRed(sibling.right)) {
            sibling.color = .red;
            at = above;
            above = above.parent.?;
            continue;
        }
        if (!isRed(sibling.child(side.other()).*)) {
            sibling.child(side).*.?.color = .black;
            sibling.color = .red;
            rotate(sibling, side.other(), header);
            sibling = above.child(side.other()).*.?;
        }
        sibling.color = above.color;
        above.color = .black;
        sibling.child(side.other()).*.?.color = .black;
        rotate(above, side, header);
        return;
    }
    if (at) |node| node.color = .black;
}

fn isRed(node: ?*const Node) bool {
    return node != null and node.?.color == .red;
}

/// Within the tree; the header stands for "no such element", as it does in an empty tree.
fn neighbourOrHeader(node: *Node, towards: Side) *Node {
    if (node.child(towards).*) |next| return next.outermost(towards.other());
    // An outermost node has only its parent, which is the header at the root.
    return node.parent.?;
}

/// Puts `with` where `node` is.
fn replace(node: *Node, with: ?*Node, header: *Node) void {
    if (node == header.parent) {
        header.parent = with;
    } else {
        node.parent.?.child(node.side()).* = with;
    }
    if (with) |new| new.parent = node.parent;
}

/// `node` goes down towards `side`, its child of the other side takes its place.
fn rotate(node: *Node, side: Side, header: *Node) void {
    const up = node.child(side.other()).*.?;
    replace(node, up, header);
    node.child(side.other()).* = up.child(side).*;
    if (up.child(side).*) |moved| moved.parent = node;
    up.child(side).* = node;
    node.parent = up;
}

const std = @import("std");
const testing = std.testing;

/// An element as std::set<int> has it.
const Element = extern struct { node: Node, value: u32 };

fn valueOf(node: *const Node) u32 {
    return @as(*const Element, @fieldParentPtr("node", node)).value;
}

fn emptyHeader(header: *Node) void {
    header.* = .{ .color = .red, .parent = null, .left = header, .right = header };
}

fn insert(header: *Node, element: *Element) void {
    var place = header;
    var next = header.parent;
    var left = true;
    while (next) |at| {
        place = at;
        left = element.value < valueOf(at);
        next = at.child(if (left) .left else .right).*;
    }
    _ZSt29_Rb_tree_insert_and_rebalancebPSt18_Rb_tree_node_baseS0_RS_(left, &element.node, place, header);
}

/// → the number of black nodes on each path.
fn blackHeight(node: ?*Node, parent: *Node) !u32 {
    const at = node orelse return 0;
    try testing.expectEqual(parent, at.parent.?);
    if (at.color == .red) try testing.expect(!isRed(at.left) and !isRed(at.right));
    const left = try blackHeight(at.left, at);
    try testing.expectEqual(left, try blackHeight(at.right, at));
    return left + @intFromBool(at.color == .black);
}

fn expectElements(header: *Node, values: []const u32) !void {
    _ = try blackHeight(header.parent, header);
    try testing.expect(!isRed(header.parent));
    var at = header.left.?;
    for (values) |value| {
        try testing.expectEqual(value, valueOf(at));
        at = _ZSt18_Rb_tree_incrementPSt18_Rb_tree_node_base(at);
    }
    try testing.expectEqual(header, at);
    if (values.len == 0) return;
    var index = values.len;
    while (index > 0) : (index -= 1) {
        at = _ZSt18_Rb_tree_decrementPSt18_Rb_tree_node_base(at);
        try testing.expectEqual(values[index - 1], valueOf(at));
    }
    try testing.expectEqual(header.left.?, at);
}

test "elements in random order go in and out, and the tree stays ordered and balanced" {
    var random: std.Random.DefaultPrng = .init(1);
    const count = 200;
    var elements: [count]Element = undefined;
    var order: [count]u32 = undefined;
    for (&order, 0..) |*index, value| index.* = @intCast(value);
    for (&elements, 0..) |*element, value| element.value = @intCast(value);

    for (0..20) |_| {
        var header: Node = undefined;
        emptyHeader(&header);
        var present: std.StaticBitSet(count) = .initEmpty();
        for ([_]bool{ true, false }) |inserting| {
            random.random().shuffle(u32, &order);
            for (order) |index| {
                if (inserting) {
                    insert(&header, &elements[index]);
                } else {
                    const erased = _ZSt28_Rb_tree_rebalance_for_erasePSt18_Rb_tree_node_baseRS_(
                        &elements[index].node,
                        &header,
                    );
                    try testing.expectEqual(&elements[index].node, erased);
                }
                present.setValue(index, inserting);
                var expected: [count]u32 = undefined;
                var length: usize = 0;
                var iterator = present.iterator(.{});
                while (iterator.next()) |value| : (length += 1) expected[length] = @intCast(value);
                try expectElements(&header, expected[0..length]);
            }
        }
    }
}
