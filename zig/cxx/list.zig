//! std::list: a ring of nodes.

/// std::__detail::_List_node_base.
const Node = extern struct { next: *Node, previous: *Node };

/// Puts `node` before `place`.
export fn _ZNSt8__detail15_List_node_base7_M_hookEPS0_(node: *Node, place: *Node) void {
    node.* = .{ .next = place, .previous = place.previous };
    place.previous.next = node;
    place.previous = node;
}

export fn _ZNSt8__detail15_List_node_base9_M_unhookEv(node: *Node) void {
    node.next.previous = node.previous;
    node.previous.next = node.next;
}

test "a ring after a hook and an unhook" {
    const expect = @import("std").testing.expect;
    var ring: Node = undefined;
    ring = .{ .next = &ring, .previous = &ring };
    var nodes: [3]Node = undefined;
    for (&nodes) |*node| _ZNSt8__detail15_List_node_base7_M_hookEPS0_(node, &ring);
    _ZNSt8__detail15_List_node_base9_M_unhookEv(&nodes[1]);
    try expect(ring.next == &nodes[0] and nodes[0].next == &nodes[2] and nodes[2].next == &ring);
    try expect(ring.previous == &nodes[2] and nodes[2].previous == &nodes[0] and nodes[0].previous == &ring);
}
