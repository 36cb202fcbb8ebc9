// Time points and mail for tests of the protocols.
#pragma once

#include "cluster/outbox.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace switchyard::cluster::testing {

using namespace std::chrono_literals;

/// `since` after the tests' beginning of time.
inline steady_time t(nanoseconds since) { return steady_time(std::chrono::hours(1)) + since; }

/// What of `mail` is a Message to `to`, decoded. Fails the test when one of that kind does not decode.
template <class Message>
std::vector<Message> sent(const std::vector<outgoing>& mail, const node_name& to) {
  std::vector<Message> found;
  for (const auto& one : mail) {
    if (one.to != to || one.kind != Message::kind) continue;
    auto message = decode<Message>(one.body);
    BOOST_REQUIRE_MESSAGE(message, "does not decode");
    found.push_back(std::move(*message));
  }
  return found;
}

inline std::string text_of(const error& why) { return why.message; }

}  // namespace switchyard::cluster::testing
