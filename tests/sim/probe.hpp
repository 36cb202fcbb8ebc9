// Asks a wire directly, without a server.
#pragma once

#include "tools/sim/wire.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace switchyard::sim::testing {

inline constexpr std::int64_t now = 1440938160;   // 2015-08-30T12:36:00Z

struct question {
  std::string_view path;
  std::string_view body = {};
  std::vector<header> headers = {};
  std::string_view query = {};
  std::string_view method = "POST";
  answer_script* script = nullptr;
};

/// Whether anybody would be let in is another question: see wire::admit.
inline reply ask(const question& q) {
  static const model_list models;
  const call asked{q.method, q.path, q.body, models, now, q.query, q.headers, q.script};
  const found_route found = find_route(asked);
  BOOST_REQUIRE_MESSAGE(found.route != nullptr, "no route for " << q.method << " " << q.path);
  return found.route->answer(asked);
}

inline boost::json::value body_of(const reply& r) { return boost::json::parse(r.body); }

inline std::string text(const boost::json::value& v) { return std::string(v.as_string()); }

/// The data of each server-sent event, `[DONE]` left out.
inline std::vector<boost::json::value> events_of(const reply& r) {
  std::vector<boost::json::value> out;
  for (const stream_event& e : r.events) {
    const std::size_t at = e.bytes.find("data: ");
    BOOST_REQUIRE(at != std::string::npos);
    out.push_back(boost::json::parse(e.bytes.substr(at + 6)));
  }
  return out;
}

}  // namespace switchyard::sim::testing
