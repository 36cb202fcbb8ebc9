#include "cluster/wire.hpp"

#include <vector>

#include <msgpack/object.hpp>
#include <msgpack/pack.hpp>
#include <msgpack/unpack.hpp>

namespace switchyard::cluster {

namespace {

struct string_sink {
  std::string& out;
  void write(const char* bytes, std::size_t size) { out.append(bytes, size); }
};

/// A message's strings are not copied before they are asked for.
bool stay_where_they_are(msgpack::type::object_type, std::size_t, void*) { return true; }

struct packing {
  explicit packing(std::string& out) : sink{out}, pack(sink) {}
  string_sink sink;
  msgpack::packer<string_sink> pack;
};

}  // namespace

void wire_writer::list(std::size_t items) { packing(out_).pack.pack_array(static_cast<std::uint32_t>(items)); }
void wire_writer::number(std::uint64_t value) { packing(out_).pack.pack_uint64(value); }
void wire_writer::integer(std::int64_t value) { packing(out_).pack.pack_int64(value); }
void wire_writer::flag(bool value) {
  packing out(out_);
  if (value)
    out.pack.pack_true();
  else
    out.pack.pack_false();
}
void wire_writer::bytes(std::string_view value) {
  packing out(out_);
  out.pack.pack_bin(static_cast<std::uint32_t>(value.size()));
  out.pack.pack_bin_body(value.data(), static_cast<std::uint32_t>(value.size()));
}
void wire_writer::nil() { packing(out_).pack.pack_nil(); }

struct wire_reader::whole {
  struct open_list {
    const msgpack::object* at;
    const msgpack::object* end;
    const msgpack::object* begin;
  };
  msgpack::object_handle handle;
  std::vector<open_list> open;                   // the outermost "list" is the message itself
};

wire_reader::wire_reader(std::string_view bytes) : whole_(std::make_unique<whole>()) {
  if (bytes.size() > longest_frame) refuse("longer than a frame");
  if (!ok()) return;
  try {
    const msgpack::unpack_limit limits(longest_list, 0, longest_frame, longest_frame, 0, deepest_message);
    std::size_t used = 0;
    whole_->handle = msgpack::unpack(bytes.data(), bytes.size(), used, stay_where_they_are, nullptr, limits);
    if (used != bytes.size()) refuse("bytes after its end");
  } catch (const std::exception& why) {
    refuse(why.what());
  }
  if (!ok()) return;
  const auto* top = &whole_->handle.get();
  whole_->open.push_back({top, top + 1, top});
}

wire_reader::~wire_reader() = default;

void wire_reader::refuse(std::string_view why) {
  if (!ok()) return;
  std::string where;
  for (std::size_t level = 1; level < whole_->open.size(); ++level)
    where += (where.empty() ? "" : ".") + std::to_string(whole_->open[level].at - whole_->open[level].begin);
  problem_ = where.empty() ? std::string(why) : "field " + where + ": " + std::string(why);
}

bool wire_reader::more() const noexcept { return ok() && whole_->open.back().at != whole_->open.back().end; }

std::size_t wire_reader::enter(std::size_t least) {
  if (ok() && !more()) refuse("missing");
  if (!ok()) return 0;
  const auto& item = *whole_->open.back().at;
  if (item.type != msgpack::type::ARRAY) return refuse("not a list"), 0;
  const auto& list = item.via.array;
  if (list.size < least) return refuse("fields missing"), 0;
  whole_->open.push_back({list.ptr, list.ptr + list.size, list.ptr});
  return list.size;
}

void wire_reader::leave() {
  if (!ok()) return;
  whole_->open.pop_back();
  ++whole_->open.back().at;
}

std::uint64_t wire_reader::number(std::uint64_t most) {
  if (ok() && !more()) refuse("missing");
  if (!ok()) return 0;
  const auto& item = *whole_->open.back().at;
  if (item.type != msgpack::type::POSITIVE_INTEGER) return refuse("not a number"), 0;
  if (item.via.u64 > most) return refuse("too large"), 0;
  ++whole_->open.back().at;
  return item.via.u64;
}

std::int64_t wire_reader::integer() {
  if (ok() && !more()) refuse("missing");
  if (!ok()) return 0;
  const auto& item = *whole_->open.back().at;
  const bool negative = item.type == msgpack::type::NEGATIVE_INTEGER;
  if (!negative && item.type != msgpack::type::POSITIVE_INTEGER) return refuse("not a number"), 0;
  if (!negative && item.via.u64 > static_cast<std::uint64_t>(INT64_MAX)) return refuse("too large"), 0;
  ++whole_->open.back().at;
  return item.via.i64;
}

bool wire_reader::flag() {
  if (ok() && !more()) refuse("missing");
  if (!ok()) return false;
  const auto& item = *whole_->open.back().at;
  if (item.type != msgpack::type::BOOLEAN) return refuse("not a flag"), false;
  ++whole_->open.back().at;
  return item.via.boolean;
}

std::string wire_reader::bytes() {
  if (ok() && !more()) refuse("missing");
  if (!ok()) return {};
  const auto& item = *whole_->open.back().at;
  if (item.type != msgpack::type::BIN) return refuse("not bytes"), std::string();
  ++whole_->open.back().at;
  return {item.via.bin.ptr, item.via.bin.size};
}

bool wire_reader::skip_nil() {
  if (!more() || whole_->open.back().at->type != msgpack::type::NIL) return false;
  ++whole_->open.back().at;
  return true;
}

}  // namespace switchyard::cluster
