#include "net/http_parser.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <cstring>
#include <optional>

namespace switchyard::net {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using system_error = boost::system::error_code;

namespace {

std::string_view view(beast::string_view text) noexcept { return {text.data(), text.size()}; }

error parse_error(const system_error& failure, const char* what, error_origin origin) {
  error e;
  e.code = origin == error_origin::client ? error_code::invalid_request : error_code::upstream_error;
  e.origin = origin;
  e.retryable = origin == error_origin::upstream;
  e.message = std::string(what) + ": " + failure.message();
  return e;
}

/// What both directions share: fields as views, body bytes to wherever `sink` says.
template <bool is_request>
class beast_parser final : public http::basic_parser<is_request> {
 public:
  std::vector<header>* fields = nullptr;
  std::string* append_to = nullptr;      // requests: decoded chunks
  char* move_to = nullptr;               // responses: decoded in place
  std::size_t moved = 0;
  int status = 0;

  beast_parser() {
    this->header_limit(64 * 1024);
    this->body_limit(boost::none);
    this->eager(true);
  }

 private:
  void body(beast::string_view bytes) {
    if (append_to != nullptr) append_to->append(bytes.data(), bytes.size());
    if (move_to != nullptr) {
      if (move_to + moved != bytes.data()) std::memmove(move_to + moved, bytes.data(), bytes.size());
      moved += bytes.size();
    }
  }

  void on_request_impl(http::verb, beast::string_view, beast::string_view, int, system_error&) override {}
  void on_response_impl(int code, beast::string_view, int, system_error&) override { status = code; }
  void on_field_impl(http::field, beast::string_view name, beast::string_view value, system_error&) override {
    if (fields != nullptr) fields->push_back({view(name), view(value)});
  }
  void on_header_impl(system_error&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, system_error&) override {}
  std::size_t on_body_impl(beast::string_view bytes, system_error&) override {
    body(bytes);
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t, beast::string_view, system_error&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view bytes, system_error&) override {
    body(bytes);
    return bytes.size();
  }
  void on_finish_impl(system_error&) override {}
};

/// Feeds until nothing more is taken. need_more is not an error.
template <class Parser>
std::size_t feed(Parser& parser, const char* bytes, std::size_t size, system_error& failure) {
  std::size_t used = 0;
  while (used < size && !parser.is_done()) {
    const std::size_t n = parser.put(boost::asio::buffer(bytes + used, size - used), failure);
    used += n;
    if (failure == http::error::need_more) {
      failure = {};
      break;
    }
    if (failure || n == 0) break;
  }
  return used;
}

}  // namespace

std::size_t find_head_end(std::string_view bytes, std::size_t from) noexcept {
  const std::size_t start = from > 3 ? from - 3 : 0;
  if (bytes.size() < start + 4) return 0;
  // From line to line: a head is a handful of them, and glibc's memmem prepares a table first.
  for (std::size_t at = start + 1; at + 3 <= bytes.size();) {
    const void* found = std::memchr(bytes.data() + at, '\n', bytes.size() - at - 2);
    if (found == nullptr) return 0;
    at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    if (bytes[at - 1] == '\r' && bytes[at + 1] == '\r' && bytes[at + 2] == '\n') return at + 3;
    ++at;
  }
  return 0;
}

struct request_parser::parser {
  std::optional<beast_parser<true>> beast;
};

request_parser::request_parser() : parser_(std::make_unique<parser>()) {}
request_parser::~request_parser() = default;

outcome request_parser::parse_head(std::string_view head, std::vector<header>& fields) {
  auto& beast = parser_->beast.emplace();
  fields.clear();
  beast.fields = &fields;
  system_error failure;
  feed(beast, head.data(), head.size(), failure);
  beast.fields = nullptr;
  if (failure) return parse_error(failure, "malformed request head", error_origin::client);
  if (!beast.is_header_done()) return client_error(error_code::invalid_request, "malformed request head");
  return switchyard::done{};
}

result<std::size_t> request_parser::parse_chunks(std::string_view bytes, std::string& out) {
  auto& beast = *parser_->beast;
  beast.append_to = &out;
  system_error failure;
  const std::size_t used = feed(beast, bytes.data(), bytes.size(), failure);
  beast.append_to = nullptr;
  if (failure) return parse_error(failure, "malformed chunked body", error_origin::client);
  return used;
}

bool request_parser::done() const noexcept { return parser_->beast && parser_->beast->is_done(); }

struct response_parser::parser {
  std::optional<beast_parser<false>> beast;
};

response_parser::response_parser() : parser_(std::make_unique<parser>()) {}
response_parser::~response_parser() = default;

void response_parser::reset(bool head_request) {
  auto& beast = parser_->beast.emplace();
  if (head_request) beast.skip(true);
}

outcome response_parser::parse_head(std::string_view head, std::vector<header>& fields) {
  auto& beast = *parser_->beast;
  fields.clear();
  beast.fields = &fields;
  system_error failure;
  feed(beast, head.data(), head.size(), failure);
  beast.fields = nullptr;
  if (failure) return parse_error(failure, "malformed response head", error_origin::upstream);
  if (!beast.is_header_done()) return upstream_failure(error_code::upstream_error, "malformed response head");
  return switchyard::done{};
}

int response_parser::status() const noexcept { return parser_->beast->status; }

result<std::size_t> response_parser::parse_body(char* bytes, std::size_t size, std::size_t& decoded) {
  auto& beast = *parser_->beast;
  beast.move_to = bytes;
  beast.moved = 0;
  system_error failure;
  const std::size_t used = feed(beast, bytes, size, failure);
  beast.move_to = nullptr;
  decoded = beast.moved;
  if (failure) return parse_error(failure, "malformed response body", error_origin::upstream);
  return used;
}

outcome response_parser::end_of_stream() {
  auto& beast = *parser_->beast;
  if (beast.is_done()) return switchyard::done{};
  if (beast.is_header_done() && beast.need_eof()) {
    system_error failure;
    beast.put_eof(failure);
    if (!failure) return switchyard::done{};
  }
  return upstream_failure(error_code::upstream_error, "the provider closed the connection in the middle of its answer");
}

bool response_parser::done() const noexcept { return parser_->beast && parser_->beast->is_done(); }
bool response_parser::keep_alive() const noexcept { return parser_->beast->keep_alive() && !parser_->beast->need_eof(); }

std::uint64_t response_parser::remaining_length() const noexcept {
  const auto rest = parser_->beast->content_length_remaining();
  return rest ? *rest : 0;
}

}  // namespace switchyard::net
