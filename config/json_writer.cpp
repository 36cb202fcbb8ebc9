#include "config/json_writer.hpp"

namespace switchyard::config {

namespace {

void append_quoted(std::string& out, std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += digits[byte >> 4];
      out += digits[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

void json_writer::line_break() {
  out_ += '\n';
  out_.append(static_cast<std::size_t>(depth_) * 2, ' ');
}

void json_writer::place() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (depth_ == 0) return;
  if (!first_) out_ += ',';
  first_ = false;
  line_break();
}

void json_writer::open(char bracket) {
  place();
  out_ += bracket;
  ++depth_;
  first_ = true;
}

void json_writer::close(char bracket) {
  --depth_;
  if (!first_) line_break();
  out_ += bracket;
  first_ = false;
  if (depth_ == 0) out_ += '\n';
}

void json_writer::key(std::string_view name) {
  place();
  append_quoted(out_, name);
  out_ += ": ";
  after_key_ = true;
}

void json_writer::raw(std::string_view token) {
  place();
  out_ += token;
}

void json_writer::text(std::string_view value) {
  place();
  append_quoted(out_, value);
}

void json_writer::null() { raw("null"); }
void json_writer::boolean(bool value) { raw(value ? "true" : "false"); }

}  // namespace switchyard::config
