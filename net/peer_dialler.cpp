#include "net/peer_dialler.hpp"

#include "base/log.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>

#include <algorithm>

namespace switchyard::net {

namespace {

constexpr milliseconds connect_limit{500};
constexpr milliseconds again_after{500};
constexpr milliseconds refused_again_after = seconds(1);
constexpr milliseconds self_again_after = seconds(30);
constexpr milliseconds look_up_every = seconds(5);
constexpr std::size_t most_places = 256;

std::string text_of(const asio::ip::tcp::endpoint& where) {
  const auto host = where.address().to_string();
  return (where.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(where.port());
}

}  // namespace

const std::vector<peer_dialler::endpoint>& peer_dialler::addresses_of(const cluster::dial_target& target, steady_time now) {
  const auto port = std::to_string(target.port);
  const auto key = target.host + ":" + port;
  auto& known = lookups_[key];
  if (known.under_way || now < known.next) return known.found;
  known.next = now + look_up_every;
  system_error not_literal;
  if (const auto literal = asio::ip::make_address(target.host, not_literal); !not_literal) {
    known.found = {{literal, target.port}};
    known.next = steady_time::max();
    return known.found;
  }
  known.under_way = true;
  auto look = std::make_shared<resolver>(context_of(thread_));
  look->async_resolve(target.host, port, [this, key, look, alive = std::weak_ptr<bool>(alive_)](const system_error& failure, const auto& results) {
    if (alive.expired()) return;
    auto& entry = lookups_[key];
    entry.under_way = false;
    if (failure) {                               // addresses that worked before are better than none
      log::warn("peer_name_unknown", "a seed's name does not resolve", {{"seed", key}, {"why", failure.message()}});
      return;
    }
    entry.found.clear();
    for (const auto& result : results)
      if (std::find(entry.found.begin(), entry.found.end(), result.endpoint()) == entry.found.end()) entry.found.push_back(result.endpoint());
    tick(steady_now());
  });
  return known.found;
}

void peer_dialler::tick(steady_time now) {
  std::erase_if(connecting_, [now](const auto& one) {
    if (now < one.second && one.first->is_open()) return false;
    system_error ignored;
    one.first->close(ignored);                   // its handler hears operation_aborted
    return true;
  });
  // Addresses come and go with the names that lead to them; who is linked is known without.
  if (places_.size() > most_places) std::erase_if(places_, [](const auto& one) { return !one.second.under_way; });
  content_ = connecting_.empty();
  for (const auto& target : targets_) {
    if (!target.node.empty() && linked_(target.node)) continue;
    for (const auto& where : addresses_of(target, now)) {
      auto& at = places_[where];
      if (!at.node.empty() && linked_(at.node)) continue;
      content_ = content_ && at.next > now + refused_again_after;   // this node itself is looked at every 30 s
      if (at.under_way || now < at.next) continue;
      connect(where, now);
    }
  }
}

void peer_dialler::connect(const endpoint& where, steady_time now) {
  auto& at = places_[where];
  at.under_way = true;
  auto socket = std::make_shared<tcp_socket>(context_of(thread_));
  connecting_.emplace_back(socket, now + connect_limit);
  socket->async_connect(where, [this, where, socket, alive = std::weak_ptr<bool>(alive_)](const system_error& failure) {
    if (alive.expired()) return;
    std::erase_if(connecting_, [&](const auto& one) { return one.first == socket; });
    if (failure) return failed(where, failure == asio::error::operation_aborted ? "timed out" : failure.message(), steady_now() + again_after);
    then_(where, std::move(*socket));
  });
}

void peer_dialler::found(const endpoint& where, const cluster::node_name& node) {
  auto& at = places_[where];
  at.node = node;
  at.told.clear();
}

void peer_dialler::is_self(const endpoint& where, steady_time now) {
  auto& at = places_[where];
  at.under_way = false;
  at.next = now + self_again_after;
}

void peer_dialler::refused(const endpoint& where, const std::string& why, steady_time now) { failed(where, why, now + refused_again_after); }

void peer_dialler::failed(const endpoint& where, const std::string& why, steady_time next) {
  auto& at = places_[where];
  at.under_way = false;
  at.next = next;
  if (at.told == why) return;
  at.told = why;
  log::warn("peer_not_reached", "no link to a node; tried again and again", {{"address", text_of(where)}, {"node", at.node}, {"why", why}});
}

void peer_dialler::ended(const endpoint& where) {
  auto& at = places_[where];
  at.under_way = false;
  at.next = {};
}

void peer_dialler::stop() {
  targets_.clear();
  system_error ignored;
  for (auto& [socket, until] : connecting_) socket->close(ignored);
  connecting_.clear();
  alive_.reset();
}

}  // namespace switchyard::net
