// All messages in one list, and the way from bytes to the handler of a kind.
#pragma once

#include "cluster/admin_messages.hpp"
#include "cluster/cache_messages.hpp"
#include "cluster/config_messages.hpp"
#include "cluster/envelope.hpp"
#include "cluster/escrow_messages.hpp"
#include "cluster/lease_messages.hpp"
#include "cluster/membership_messages.hpp"
#include "cluster/record_messages.hpp"
#include "cluster/register_messages.hpp"
#include "cluster/roster_messages.hpp"
#include "cluster/shipping_messages.hpp"

#include <optional>

namespace switchyard::cluster {

template <class... Message>
struct message_list {};

/// Everything that may follow a hello.
using all_messages =
    message_list<unsupported, heartbeat, heartbeat_answer, lease_request, lease_grant, escrow_request, escrow_grant, escrow_return, escrow_returned, escrow_recall,
                 register_delta, register_digest, config_stage, config_staged, config_committed, config_fetch, config_text, record_digest,
                 record_list, shipped_rows, shipped_answer, shipped_run, introductions, admin_ask, admin_said, cache_lookup, cache_answer, cache_store>;

namespace detail {

template <class Message, class Handler>
bool try_one(std::uint16_t kind, std::string_view body, Handler& handler, outcome& ended) {
  if (kind != static_cast<std::uint16_t>(Message::kind)) return false;
  auto message = decode<Message>(body);
  if (message)
    handler(*message);
  else
    ended = std::move(message.failure());
  return true;
}

template <class Handler, class... Message>
bool try_all(std::uint16_t kind, std::string_view body, Handler& handler, outcome& ended, message_list<Message...>) {
  return (try_one<Message>(kind, body, handler, ended) || ...);
}

}  // namespace detail

/// Calls handler(message) with the message's own type. An error: the bytes do not fit the kind; drop the connection, not the node.
/// nullopt: the kind is not known here; answer with unsupported{kind}, but never to an `unsupported`.
template <class Handler>
[[nodiscard]] std::optional<outcome> dispatch(std::uint16_t kind, std::string_view body, Handler&& handler) {
  outcome ended = done{};
  if (!detail::try_all(kind, body, handler, ended, all_messages{})) return std::nullopt;
  return ended;
}

}  // namespace switchyard::cluster
