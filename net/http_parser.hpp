// Beast's incremental parser on our own buffers: heads into views, chunked bodies decoded in place.
#pragma once

#include "base/header.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace switchyard::net {

/// Offset just behind the blank line that ends a head, or 0 when it is not there yet. `from`: where the last search stopped.
[[nodiscard]] std::size_t find_head_end(std::string_view bytes, std::size_t from) noexcept;

/// Reads request heads and decodes chunked request bodies. Reused from request to request.
class request_parser {
 public:
  request_parser();
  ~request_parser();
  /// `head` is complete and stays alive: the fields point into it.
  [[nodiscard]] outcome parse_head(std::string_view head, std::vector<header>& fields);
  /// Feeds body bytes after a head with "transfer-encoding: chunked"; decoded bytes are appended to `out`.
  /// Consumed input bytes, or an error when the chunk syntax is broken.
  [[nodiscard]] result<std::size_t> parse_chunks(std::string_view bytes, std::string& out);
  [[nodiscard]] bool done() const noexcept;

 private:
  struct parser;
  std::unique_ptr<parser> parser_;
};

/// Reads one response: its head, then its body in place.
class response_parser {
 public:
  response_parser();
  ~response_parser();
  void reset(bool head_request = false);
  /// `head` is complete and stays alive.
  [[nodiscard]] outcome parse_head(std::string_view head, std::vector<header>& fields);
  [[nodiscard]] int status() const noexcept;
  /// Decodes what it can of [bytes, bytes + size) in place: the decoded bytes are moved to the front.
  /// Returns how many raw bytes were consumed; `decoded` says how many bytes now stand at the front.
  [[nodiscard]] result<std::size_t> parse_body(char* bytes, std::size_t size, std::size_t& decoded);
  /// The peer closed: an error when that truncates the body.
  [[nodiscard]] outcome end_of_stream();
  [[nodiscard]] bool done() const noexcept;
  /// May the connection carry another request?
  [[nodiscard]] bool keep_alive() const noexcept;
  /// Known length of the rest of the body; 0 when chunked or unknown.
  [[nodiscard]] std::uint64_t remaining_length() const noexcept;

 private:
  struct parser;
  std::unique_ptr<parser> parser_;
};

}  // namespace switchyard::net
