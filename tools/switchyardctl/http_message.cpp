#include "tools/switchyardctl/http_message.hpp"

#include "base/header.hpp"

#include <algorithm>
#include <charconv>

namespace switchyard::ctl {

namespace {

constexpr std::size_t longest_head = 64 * 1024;
constexpr std::size_t longest_line = 4 * 1024;

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

template <class Number>
bool read_number(std::string_view text, Number& out, int base = 10) noexcept {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return problem == std::errc() && end == text.data() + text.size() && !text.empty();
}

}  // namespace

std::optional<admin_url> admin_url::parse(std::string_view text, std::string& why) {
  constexpr std::string_view scheme = "http://";
  if (text.starts_with("https://")) {
    why = "https is not spoken here; use http:// on the node itself or through an ssh tunnel";
    return std::nullopt;
  }
  if (!text.starts_with(scheme)) {
    why = "expected http://HOST:PORT, such as http://127.0.0.1:8081";
    return std::nullopt;
  }
  text.remove_prefix(scheme.size());
  admin_url url;
  const auto slash = std::min(text.find('/'), text.size());
  url.prefix = text.substr(slash);
  while (url.prefix.ends_with('/')) url.prefix.pop_back();
  std::string_view authority = text.substr(0, slash);
  const auto bracket = authority.starts_with('[') ? authority.find(']') : 0;
  if (bracket == std::string_view::npos) {
    why = "the bracket of an IPv6 address is not closed";
    return std::nullopt;
  }
  const auto colon = authority.find(':', bracket);
  if (colon != std::string_view::npos) {
    std::uint16_t number = 0;
    if (!read_number(authority.substr(colon + 1), number) || number == 0) {
      why = "the port must be a number from 1 to 65535";
      return std::nullopt;
    }
    url.port = std::to_string(number);
    authority = authority.substr(0, colon);
  }
  url.host = bracket != 0 ? authority.substr(1, bracket - 1) : authority;
  const auto strange = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == '@' || c == 0x7f; };
  if (url.host.empty() || std::any_of(url.host.begin(), url.host.end(), strange) ||
      std::any_of(url.prefix.begin(), url.prefix.end(), strange)) {
    why = "expected http://HOST:PORT, such as http://127.0.0.1:8081";
    return std::nullopt;
  }
  return url;
}

std::string admin_url::authority() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + port;
}

std::string percent_encoded(std::string_view text) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

bool response_reader::feed(std::string_view bytes) {
  buffer_.append(bytes);
  bool broken = false;
  while (!broken && step(broken)) {}
  return !broken;
}

bool response_reader::finish() noexcept {
  if (state_ == state::until_close) state_ = state::complete;
  return complete();
}

std::optional<std::string> response_reader::take_line() {
  const auto end = buffer_.find("\r\n");
  if (end == std::string::npos) return std::nullopt;
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return line;
}

bool response_reader::step(bool& broken) {
  switch (state_) {
    case state::head: {
      const auto end = buffer_.find("\r\n\r\n");
      if (end == std::string::npos) {
        broken = buffer_.size() > longest_head;
        return false;
      }
      const std::string head = buffer_.substr(0, end + 2);
      buffer_.erase(0, end + 4);
      broken = !read_head(head);
      return !broken;
    }
    case state::sized:
    case state::chunk_data: {
      const auto take = static_cast<std::size_t>(std::min<std::uint64_t>(left_, buffer_.size()));
      if (take != 0) on_body_(std::string_view(buffer_).substr(0, take));
      buffer_.erase(0, take);
      left_ -= take;
      if (left_ != 0) return false;
      state_ = state_ == state::sized ? state::complete : state::chunk_end;
      return state_ != state::complete;
    }
    case state::until_close:
      if (!buffer_.empty()) on_body_(buffer_);
      buffer_.clear();
      return false;
    case state::chunk_size: {
      const auto line = take_line();
      if (!line) {
        broken = buffer_.size() > longest_line;
        return false;
      }
      const auto size = trimmed(std::string_view(*line).substr(0, line->find(';')));
      broken = !read_number(size, left_, 16);
      state_ = left_ == 0 ? state::trailer : state::chunk_data;
      return !broken;
    }
    case state::chunk_end:
      if (buffer_.size() < 2) return false;
      broken = !buffer_.starts_with("\r\n");
      buffer_.erase(0, 2);
      state_ = state::chunk_size;
      return !broken;
    case state::trailer: {
      const auto line = take_line();
      if (!line) {
        broken = buffer_.size() > longest_line;
        return false;
      }
      if (line->empty()) state_ = state::complete;
      return !line->empty();
    }
    case state::complete: return false;
  }
  return false;
}

bool response_reader::read_head(std::string_view head) {
  auto end = head.find("\r\n");
  const auto line = head.substr(0, end);
  if (!line.starts_with("HTTP/1.") || line.size() < 12 || !read_number(line.substr(9, 3), status_)) return false;
  bool sized = false;
  bool chunked = false;
  for (head.remove_prefix(end + 2); !head.empty(); head.remove_prefix(end + 2)) {
    end = head.find("\r\n");
    const auto field = head.substr(0, end);
    const auto colon = field.find(':');
    if (colon == std::string_view::npos) return false;
    const auto name = field.substr(0, colon);
    const auto value = trimmed(field.substr(colon + 1));
    if (equal_ignoring_case(name, "content-length")) {
      sized = read_number(value, left_);
      if (!sized) return false;
    } else if (equal_ignoring_case(name, "transfer-encoding")) {
      chunked = equal_ignoring_case(value, "chunked");
      if (!chunked) return false;
    }
  }
  if (status_ >= 100 && status_ < 200) return true;   // interim: the real head follows
  if (status_ == 204 || status_ == 304)
    state_ = state::complete;
  else if (chunked)
    state_ = state::chunk_size;
  else
    state_ = sized ? state::sized : state::until_close;
  return true;
}

void event_reader::feed(std::string_view bytes) {
  buffer_.append(bytes);
  std::size_t from = 0;
  for (auto end = buffer_.find('\n', from); end != std::string::npos; end = buffer_.find('\n', from)) {
    line(trimmed(std::string_view(buffer_).substr(from, end - from)));
    from = end + 1;
  }
  buffer_.erase(0, from);
}

void event_reader::line(std::string_view text) {
  if (text.empty()) {
    if (has_data_) on_event_(data_);
    data_.clear();
    has_data_ = false;
  } else if (text.starts_with("data:")) {
    if (has_data_) data_ += '\n';
    data_ += trimmed(text.substr(5));
    has_data_ = true;
  }
}

}  // namespace switchyard::ctl
