// What the tests of Anthropic's format share: recorded files, JSON that is equal in meaning, a conversation between reader and writer.
#pragma once

#include "providers/dialect.hpp"
#include "tests/providers/samples.hpp"

#include <boost/json.hpp>

namespace switchyard::providers::test::anthropic {

/// A file below tests/golden/anthropic/.
[[nodiscard]] inline std::string golden(const std::string& name) { return test::golden("../anthropic/" + name); }

[[nodiscard]] inline boost::json::value parsed(std::string_view text) {
  boost::system::error_code problem;
  auto value = boost::json::parse(text, problem);
  BOOST_REQUIRE_MESSAGE(!problem, "not JSON: " << text);
  return value;
}

[[nodiscard]] inline std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ",") + name;
  return out;
}

struct written {
  std::string body;
  std::string dropped;
  std::string problem;   ///< the refused field
  [[nodiscard]] boost::json::value json() const { return parsed(body); }
};

/// Writes a neutral request for a model.
[[nodiscard]] inline written write(const neutral::request& what, std::string_view model = "claude-sonnet-4-5") {
  written out;
  neutral::dropped_fields dropped;
  const auto made = messages_dialect().write_request(what, {model}, out.body, dropped);
  if (!made) out.problem = made.failure().param;
  out.dropped = joined(dropped.names());
  return out;
}

/// Reads a request and writes it again.
[[nodiscard]] inline written round_trip(std::string_view body, std::string_view model = "claude-sonnet-4-5") {
  neutral::arena texts;
  const auto read = messages_dialect().read_request(body, texts);
  BOOST_REQUIRE_MESSAGE(read, (read ? "" : read.failure().message));
  return write(*read, model);
}

}  // namespace switchyard::providers::test::anthropic
