#include "providers/bedrock/event_stream.hpp"

#include "providers/bedrock/crc32.hpp"

#include <algorithm>
#include <cstdint>

namespace switchyard::providers {

namespace {

constexpr std::size_t prelude = 12;    // total, headers_size, prelude_crc
constexpr std::size_t trailer = 4;     // crc

[[nodiscard]] std::uint32_t read_u32(std::string_view bytes, std::size_t at) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + i])); };
  return byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3);
}

void write_u32(char* to, std::uint32_t value) noexcept {
  for (int i = 0; i < 4; ++i) to[i] = static_cast<char>(value >> (24 - 8 * i) & 0xFF);
}

/// Bytes of a value of that type; its own size field, if any, not included. SIZE_MAX: no such type.
[[nodiscard]] std::size_t fixed_size(unsigned char type) noexcept {
  constexpr std::size_t sizes[] = {0, 0, 1, 2, 4, 8, 0, 0, 8, 16};
  return type < std::size(sizes) ? sizes[type] : SIZE_MAX;
}

/// Walks the header block. False: it does not hold together.
[[nodiscard]] bool walk_headers(std::string_view block, event_frame& out) noexcept {
  constexpr unsigned char bytes_value = 6, text_value = 7;
  const auto byte = [&] {
    const auto value = static_cast<unsigned char>(block.front());
    block.remove_prefix(1);
    return value;
  };
  while (!block.empty()) {
    const std::size_t name_size = byte();
    if (name_size == 0 || block.size() < name_size + 1) return false;
    const auto name = block.substr(0, name_size);
    block.remove_prefix(name_size);
    const auto type = byte();
    std::size_t size = fixed_size(type);
    if (type == bytes_value || type == text_value) {
      if (block.size() < 2) return false;
      size = std::size_t{byte()} << 8;
      size |= byte();
    }
    if (size > block.size()) return false;   // SIZE_MAX, too
    const auto value = block.substr(0, size);
    block.remove_prefix(size);
    if (type != text_value) continue;
    if (name == ":message-type")
      out.message_type = value;
    else if (name == ":event-type" || name == ":exception-type" || name == ":error-code")
      out.event_type = value;
    else if (name == ":content-type")
      out.content_type = value;
    else if (name == ":error-message")
      out.error_message = value;
  }
  return true;
}

void append_text_header(std::string& out, std::string_view name, std::string_view value) {
  out += static_cast<char>(name.size());
  out += name;
  out += '\7';
  out += static_cast<char>(value.size() >> 8 & 0xFF);
  out += static_cast<char>(value.size() & 0xFF);
  out += value;
}

}  // namespace

void frame_splitter::feed(std::string_view chunk) {
  chunk_ = chunk;
  joined_.clear();
  if (joined_.capacity() > (64u << 10)) joined_.shrink_to_fit();   // one large frame is no reason to keep its room
}

/// `begin` holds at least a prelude. 0: fault() says why not.
std::size_t frame_splitter::frame_size(std::string_view begin) {
  const std::size_t total = read_u32(begin, 0);
  const std::size_t headers = read_u32(begin, 4);
  if (crc32(begin.substr(0, 8)) != read_u32(begin, 8))
    fault_ = "a frame's prelude has a wrong checksum";
  else if (total > longest_frame)
    fault_ = "a frame is longer than 8 MiB";
  else if (headers > longest_headers || total < prelude + trailer + headers)
    fault_ = "a frame's sizes make no sense";
  else
    return total;
  return 0;
}

/// Moves bytes of the chunk to the tail until it has `wanted`. False: the chunk is used up.
bool frame_splitter::fill_tail(std::size_t wanted) {
  const auto missing = std::min(wanted - std::min(wanted, tail_.size()), chunk_.size());
  tail_ += chunk_.substr(0, missing);
  chunk_.remove_prefix(missing);
  return tail_.size() >= wanted;
}

bool frame_splitter::next(event_frame& out) {
  if (!fault_.empty()) return false;
  if (!tail_.empty()) {
    if (!fill_tail(prelude)) return false;
    const auto total = frame_size(tail_);
    if (total == 0 || !fill_tail(total)) return false;
    joined_.swap(tail_);
    tail_.clear();
    return open(joined_, out);
  }
  if (chunk_.size() >= prelude) {
    const auto total = frame_size(chunk_);
    if (total == 0) return false;
    if (chunk_.size() >= total) {
      const auto frame = chunk_.substr(0, total);
      chunk_.remove_prefix(total);
      return open(frame, out);
    }
  }
  tail_ = chunk_;
  chunk_ = {};
  return false;
}

bool frame_splitter::open(std::string_view frame, event_frame& out) {
  out = {};
  const std::size_t headers = read_u32(frame, 4);
  const auto end = frame.size() - trailer;
  if (crc32(frame.substr(0, end)) != read_u32(frame, end)) {
    fault_ = "a frame has a wrong checksum";
    return false;
  }
  if (!read_headers(frame.substr(prelude, headers), out)) {
    fault_ = "a frame's headers make no sense";
    return false;
  }
  out.bytes = frame;
  out.payload = frame.substr(prelude + headers, end - prelude - headers);
  return true;
}

bool frame_splitter::read_headers(std::string_view block, event_frame& out) {
  constexpr std::size_t longest_kept = 512;
  if (!headers_.empty() && block == headers_) {
    const auto value = [&](const place& where) { return block.substr(where.at, where.size); };
    out.message_type = value(message_type_);
    out.event_type = value(event_type_);
    out.content_type = value(content_type_);
    out.error_message = value(error_message_);
    return true;
  }
  headers_.clear();
  if (!walk_headers(block, out)) return false;
  if (block.size() > longest_kept) return true;
  headers_ = block;
  const auto place_of = [&](std::string_view value) { return value.empty() ? place{} : place{static_cast<std::size_t>(value.data() - block.data()), value.size()}; };
  message_type_ = place_of(out.message_type);
  event_type_ = place_of(out.event_type);
  content_type_ = place_of(out.content_type);
  error_message_ = place_of(out.error_message);
  return true;
}

frame_writer::frame_writer(std::string& out, std::string_view message_type, std::string_view type) : out_(out), begin_(out.size()) {
  out_.append(prelude, '\0');
  append_text_header(out_, message_type == "exception" ? ":exception-type" : ":event-type", type);
  append_text_header(out_, ":content-type", "application/json");
  append_text_header(out_, ":message-type", message_type);
  write_u32(out_.data() + begin_ + 4, static_cast<std::uint32_t>(out_.size() - begin_ - prelude));
}

void frame_writer::end() {
  char* const frame = out_.data() + begin_;
  write_u32(frame, static_cast<std::uint32_t>(out_.size() - begin_ + trailer));
  write_u32(frame + 8, crc32({frame, 8}));
  char crc[trailer];
  write_u32(crc, crc32(std::string_view(out_).substr(begin_)));
  out_.append(crc, trailer);
}

}  // namespace switchyard::providers
