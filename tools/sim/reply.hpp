// What a wire hands to the server: a whole body, or the events of a stream with the tokens each carries.
#pragma once

#include "base/header.hpp"
#include "base/result.hpp"
#include "tools/sim/model_profile.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace switchyard::sim {

struct stream_event {
  std::string bytes;               ///< one complete event as sent
  std::size_t tokens = 0;          ///< paces the stream
};

struct reply {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;                ///< when events is empty
  std::vector<stream_event> events;
  std::string last;                ///< closes a whole stream ("data: [DONE]\n\n"); left out when it is truncated
  std::string model;
  std::size_t input_tokens = 0;
  std::size_t output_tokens = 0;
};

/// One call as a wire sees it.
struct call {
  std::string_view method;
  std::string_view path;
  std::string_view body;
  const model_list& models;
  std::int64_t unix_time;          ///< for `created` fields; the only thing in an answer that is not determined by the request
};

using answer_function = reply (*)(const call&);

/// A path of a wire format. `path` ending in '/' matches everything below it.
struct wire_route {
  std::string_view method;
  std::string_view path;
  answer_function answer;
};

/// Every path of every simulated wire. A further wire adds its own table to the list in wires.cpp.
[[nodiscard]] const wire_route* find_route(std::string_view method, std::string_view path) noexcept;
/// Is the path known with any method?
[[nodiscard]] bool knows_path(std::string_view path) noexcept;

}  // namespace switchyard::sim
