// What a wire is asked and what it hands to the server: a whole body, or the events of a stream with the tokens each carries.
#pragma once

#include "base/header.hpp"
#include "tools/sim/model_profile.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace switchyard::sim {

class answer_script;

using header_list = std::vector<std::pair<std::string, std::string>>;

struct stream_event {
  std::string bytes;               ///< one complete event as sent
  std::size_t tokens = 0;          ///< paces the stream
};

struct reply {
  int status = 200;
  std::string content_type = "application/json";
  header_list headers = {};        ///< beside content-type
  std::string body = {};           ///< when events is empty
  std::vector<stream_event> events = {};
  std::string last = {};           ///< closes a whole stream ("data: [DONE]\n\n"); left out when it is truncated
  std::string model = {};
  std::size_t input_tokens = 0;    ///< cached ones included
  std::size_t output_tokens = 0;
};

/// One call as a wire sees it. The views are the message's: path and query are still percent-encoded.
struct call {
  std::string_view method;
  std::string_view path;
  std::string_view body;
  const model_list& models;
  std::int64_t unix_time;          ///< for `created` fields; the only thing in an answer that is not determined by the request
  std::string_view query = {};
  std::span<const header> headers = {};
  answer_script* script = nullptr; ///< what PUT /sim/script asked for; none: the normal course

  [[nodiscard]] std::string_view find(std::string_view name) const noexcept { return find_header(headers, name); }
};

/// The value of `name` in a query string, decoded; empty when it is not there.
[[nodiscard]] std::string query_value(std::string_view query, std::string_view name);
/// "us.a%3A0" -> "us.a:0"; a broken escape stays as it is.
[[nodiscard]] std::string percent_decoded(std::string_view text);

}  // namespace switchyard::sim
