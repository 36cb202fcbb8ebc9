#include "cluster/membership.hpp"

#include <algorithm>

namespace switchyard::cluster {

namespace {

constexpr std::size_t most_unanswered = 64;
constexpr auto report_is_fresh_for = seconds(1);
constexpr auto patience_falls_every = seconds(1);
constexpr std::uint64_t most_waited_us = 60'000'000;

}  // namespace

std::string_view to_string(member_state state) noexcept {
  switch (state) {
    case member_state::alive: return "alive";
    case member_state::suspect: return "suspect";
    case member_state::dead: return "dead";
    case member_state::left: return "left";
    case member_state::forgotten: return "forgotten";
  }
  return "unknown";
}

membership::membership(node_name self, std::vector<node_name> configured, std::uint64_t incarnation, steady_time now, membership_options options)
    : self_(std::move(self)), options_(options), incarnation_(incarnation), last_tick_(now), patience_changed_(now) {
  for (auto& node : configured) {
    if (node == self_) continue;
    auto& p = peers_[std::move(node)];
    p.confirmed = now;                           // alive until proven silent
    p.next_heartbeat = now;
  }
}

void membership::measure_lag(steady_time now) {
  const auto lag = now - last_tick_ - tick_every;
  last_tick_ = now;
  if (lag > options_.most_lag) {
    patience_ = static_cast<int>(std::min<std::int64_t>(options_.most_patience, 1 + lag / options_.most_lag));
    patience_changed_ = now;
    for (auto& [node, p] : peers_) p.confirmed = std::min<steady_time>(now, p.confirmed + lag);
  } else if (patience_ > 1 && now - patience_changed_ >= patience_falls_every) {
    --patience_;
    patience_changed_ = now;
  }
}

void membership::tick(steady_time now, outbox& out) {
  measure_lag(now);
  for (auto& [node, p] : peers_) {
    const auto silent = now - p.confirmed;
    if (p.state == member_state::alive && silent >= options_.suspect_after * patience_) change(node, p, member_state::suspect);
    if (p.state == member_state::suspect && silent >= options_.dead_after * patience_ && another_agrees(node, p, now))
      change(node, p, member_state::dead);
    if (now >= p.next_heartbeat) send_heartbeat(node, p, now, out);
  }
}

bool membership::another_agrees(const node_name& node, const peer& p, steady_time now) const {
  if (!options_.second_vote) return true;
  std::size_t others = 0;
  for (const auto& [name, other] : peers_) {
    if (name == node || other.state == member_state::forgotten) continue;
    ++others;
    if (other.state != member_state::alive || !other.has_reported || now - other.reported > report_is_fresh_for) continue;
    for (const auto& said : other.report)
      if (said.node == node && said.incarnation >= p.incarnation && (said.state == member_state::suspect || said.state == member_state::dead)) return true;
  }
  return others == 0;                            // two nodes: there is nobody to ask
}

std::vector<member_view> membership::not_alive() const {
  std::vector<member_view> found;
  for (const auto& [node, p] : peers_)
    if (p.state != member_state::alive) found.push_back({node, p.state, p.incarnation});
  return found;
}

void membership::answer(const node_name& node, peer& p, steady_time now, outbox& out) {
  const auto waited = std::chrono::duration_cast<microseconds>(std::max(nanoseconds(0), nanoseconds(now - p.owed_since)));
  out.send(node, heartbeat_answer{incarnation_, p.owed->seq, leaving_, not_alive(), static_cast<std::uint64_t>(waited.count())});
  p.owed.reset();
}

void membership::send_heartbeat(const node_name& node, peer& p, steady_time now, outbox& out) {
  if (p.owed) answer(node, p, now, out);
  const bool gone = p.state != member_state::alive && p.state != member_state::suspect;
  p.next_heartbeat = now + (gone ? options_.heartbeat_to_the_dead_every : options_.heartbeat_every);
  p.asked.emplace_back(++seq_, now);
  if (p.asked.size() > most_unanswered) p.asked.pop_front();
  out.send(node, heartbeat{incarnation_, seq_, leaving_, not_alive()});
}

void membership::on(const node_name& from, const heartbeat& message, steady_time now, outbox& out, steady_time arrived) {
  const auto found = peers_.find(from);
  if (found == peers_.end()) return;
  // Answered even when it is dead to us: that is how it learns of it. And at once, as that alone makes a suspect well.
  auto& p = found->second;
  (void)note(from, p, message.incarnation, message.leaving, message.others, now);
  if (p.owed) answer(from, p, now, out);
  p.owed = heartbeat_answer{0, message.seq, false, {}, 0};
  p.owed_since = arrived;
  if (p.next_heartbeat - now <= options_.heartbeat_every / 4)
    send_heartbeat(from, p, now, out);           // M6
  else if (p.state != member_state::alive || std::any_of(message.others.begin(), message.others.end(), [&](const auto& said) { return said.node == self_; }))
    answer(from, p, now, out);
}

void membership::on(const node_name& from, const heartbeat_answer& message, steady_time now, steady_time arrived) {
  const auto found = peers_.find(from);
  if (found == peers_.end()) return;
  auto& p = found->second;
  if (!note(from, p, message.incarnation, message.leaving, message.others, now)) return;
  const auto asked = std::find_if(p.asked.begin(), p.asked.end(), [&](const auto& one) { return one.first == message.seq; });
  if (asked == p.asked.end() || message.seq < p.first_valid_seq) return;
  p.confirmed = std::max(p.confirmed, asked->second);
  const nanoseconds took = arrived - asked->second;
  p.round_trip = std::max(nanoseconds(0), took - std::min(took, nanoseconds(microseconds(std::min<std::uint64_t>(message.waited_us, most_waited_us)))));
  p.asked.erase(p.asked.begin(), std::next(asked));
  if (p.state == member_state::suspect && now - p.confirmed < options_.suspect_after * patience_) change(from, p, member_state::alive);
}

bool membership::note(const node_name& from, peer& p, std::uint64_t incarnation, bool leaving, const std::vector<member_view>& others, steady_time now) {
  if (incarnation < p.incarnation) return false;
  if (incarnation > p.incarnation) {
    const bool first_contact = p.incarnation == 0 && p.state == member_state::alive;
    p.incarnation = incarnation;
    // A suspect stays one until it answers us; the others begin anew and have a second to answer.
    if (p.state != member_state::suspect && !first_contact) {
      p.confirmed = now;
      change(from, p, member_state::alive);
    }
  }
  if (leaving && p.state != member_state::left && p.state != member_state::forgotten) change(from, p, member_state::left);
  if (p.state == member_state::forgotten) return false;
  p.report = others;
  p.reported = now;
  p.has_reported = true;
  for (const auto& said : others) heed(said);
  return p.state != member_state::dead && p.state != member_state::left;
}

void membership::heed(const member_view& said) {
  if (said.node == self_) {
    if (said.state == member_state::forgotten && said.incarnation >= incarnation_) forgotten_ = true;
    if (said.state == member_state::dead && said.incarnation >= incarnation_ && (!wanted_ || *wanted_ <= said.incarnation)) wanted_ = said.incarnation + 1;
    return;
  }
  const auto found = peers_.find(said.node);
  if (found == peers_.end() || said.incarnation < found->second.incarnation) return;
  auto& p = found->second;
  // Suspicion and death are each node's own to find (but a node that never met it learns its number); a goodbye and an operator's word hold for all.
  if (said.state != member_state::left && said.state != member_state::forgotten) {
    if (p.state == member_state::suspect || p.state == member_state::dead) p.incarnation = said.incarnation;
    return;
  }
  if (p.state == member_state::forgotten || p.state == said.state) return;
  p.incarnation = said.incarnation;
  change(said.node, p, said.state);
}

void membership::link_down(const node_name& peer_name, steady_time now) {
  const auto found = peers_.find(peer_name);
  if (found == peers_.end()) return;
  auto& p = found->second;
  p.first_valid_seq = seq_ + 1;
  p.next_heartbeat = now;
  if (p.state == member_state::alive) change(peer_name, p, member_state::suspect);
}

void membership::leave(steady_time now, outbox& out) {
  leaving_ = true;
  for (auto& [node, p] : peers_) send_heartbeat(node, p, now, out);
}

void membership::forget(const node_name& node) {
  const auto found = peers_.find(node);
  if (found != peers_.end() && found->second.state != member_state::forgotten) change(node, found->second, member_state::forgotten);
}

void membership::incarnation_written(std::uint64_t incarnation) noexcept {
  incarnation_ = std::max(incarnation_, incarnation);
  if (wanted_ && *wanted_ <= incarnation_) wanted_.reset();
}

void membership::change(const node_name& node, peer& p, member_state to) {
  p.state = to;
  changes_.push_back({node, to, p.incarnation});
}

member_state membership::state_of(const node_name& node) const noexcept {
  if (node == self_) return leaving_ ? member_state::left : member_state::alive;
  const auto found = peers_.find(node);
  return found == peers_.end() ? member_state::forgotten : found->second.state;
}

std::optional<nanoseconds> membership::round_trip(const node_name& node) const noexcept {
  const auto found = peers_.find(node);
  return found == peers_.end() ? std::nullopt : found->second.round_trip;
}

std::vector<member_view> membership::view() const {
  std::vector<member_view> all;
  for (const auto& [node, p] : peers_) all.push_back({node, p.state, p.incarnation});
  all.push_back({self_, state_of(self_), incarnation_});
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.node < b.node; });
  return all;
}

}  // namespace switchyard::cluster
