// The strict reader of request heads: what smuggling lives on is refused, not interpreted. (Behind it Beast decodes chunked bodies.)
//
// Accepted head (RFC 9112, narrowed):
//   method SP origin-form SP "HTTP/1.1" CRLF, or HTTP/1.0 without transfer coding
//   *( token ":" OWS value OWS CRLF ) CRLF
// Refused although Beast 1.81 lets it through: bare LF or CR, obs-fold, white space before the colon, any transfer-encoding but
// one field that is exactly "chunked", transfer-encoding with content-length or in HTTP/1.0, repeated content-length, missing,
// repeated or malformed host, absolute-form and authority-form targets, bytes outside 0x21-0x7e in the target.
#pragma once

#include "base/header.hpp"
#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace switchyard::net {

constexpr std::size_t max_head_bytes = 16 * 1024;
constexpr std::size_t max_head_fields = 100;

/// How the message that follows the head is delimited, and what the connection does afterwards.
struct request_framing {
  std::string_view method;
  std::string_view target;
  int minor_version = 1;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool keep_alive = true;
  bool expect_continue = false;
};

/// `head` ends with the blank line (CRLF CRLF). Views point into it; `fields`, if given, gets the header fields in order.
/// Errors: 400 invalid_request, 431, 505, 417, 501.
[[nodiscard]] result<request_framing> validate_request_head(std::string_view head, std::vector<header>* fields = nullptr);

/// A registered name or address with an optional port: what may stand in `host`.
[[nodiscard]] bool is_valid_host(std::string_view host) noexcept;

}  // namespace switchyard::net
