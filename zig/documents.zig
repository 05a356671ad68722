//! Documents that bunc wrote itself, many in one call. Runs in the bunc process.
//!
//! A document crosses the boundary as the JSON that it is: JavaScript parses it together with the reply, and
//! nothing is parsed twice. What JavaScript would have to look at more closely crosses as text.

const std = @import("std");
const sys = @import("sys.zig");
const files = @import("files.zig");
const Call = @import("call.zig").Call;
const RawJson = @import("raw_json.zig").RawJson;

pub const DocumentsRequest = struct {
    paths: []const []const u8,
    /// Bytes after which no further document is read. The first is read whatever its size.
    size: u32,
};
pub const DocumentsReply = struct {
    /// Of the first paths, as many as were read.
    documents: []const Document,
};

pub const Document = union(enum) {
    /// JSON that `RawJson.is_plain`.
    value: RawJson,
    /// Anything else.
    text: []const u8,
    /// There is no such file (ENOENT).
    missing: files.Done,
};

/// Fails if one cannot be read, or is not UTF-8 (EILSEQ).
pub fn read_documents(call: *Call, request: DocumentsRequest) Call.Error!DocumentsReply {
    var documents: std.ArrayList(Document) = .empty;
    var left: usize = request.size;
    for (request.paths) |path| {
        const document = try read_document(call, path);
        try documents.append(call.arena, document);
        const size = switch (document) {
            .value => |json| json.text.len,
            .text => |text| text.len,
            .missing => 0,
        };
        if (size >= left) break;
        left -= size;
    }
    return .{ .documents = documents.items };
}

fn read_document(call: *Call, path: []const u8) Call.Error!Document {
    if (try read_short_object(call, path)) |json| return .{ .value = json };
    const file = try files.read_file(call, .{ .path = path });
    if (!file.found) return .{ .missing = .{} };
    return if (RawJson.of(file.text)) |json| .{ .value = json } else .{ .text = file.text };
}

/// In one read(2): a part of an object is no JSON, so what is JSON is all of the file. Null: it is something
/// else, or longer.
fn read_short_object(call: *Call, path: []const u8) Call.Error!?RawJson {
    const fd = sys.open(path, sys.O.RDONLY) catch return null;
    defer sys.close(fd);
    var buffer: [4096]u8 = undefined;
    const text = buffer[0 .. sys.read(fd, &buffer) catch return null];
    if (text.len == 0 or text.len == buffer.len or text[0] != '{' or !std.unicode.utf8ValidateSlice(text)) {
        return null;
    }
    return RawJson.of(try call.arena.dupe(u8, text));
}
