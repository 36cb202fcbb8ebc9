#include "cluster/row_shipper.hpp"

#include "cluster/rendezvous.hpp"

#include <algorithm>

namespace switchyard::cluster {

row_shipper::row_shipper(node_name self, std::vector<node_name> configured, shipping_options options)
    : self_(std::move(self)), options_(options), order_(owners_of("ledger " + self_, configured)) {
  std::erase(order_, self_);
}

void row_shipper::durable(std::uint64_t life, std::uint64_t last, std::uint64_t first) {
  auto& state = lives_[life];
  state.last = std::max(state.last, last);
  if (first > 0) state.shipped = std::max(state.shipped, first - 1);
}

void row_shipper::resume(std::uint64_t life, std::uint64_t shipped) {
  for (auto& [number, state] : lives_) {
    if (number < life) state.shipped = state.last;
    if (number == life) state.shipped = std::max(state.shipped, std::min(shipped, state.last));
  }
}

void row_shipper::choose(steady_time now, const alive_check& alive) {
  const auto usable = [&](const node_name& node) {
    const auto away = shunned_.find(node);
    return alive(node) && (away == shunned_.end() || away->second <= now);
  };
  if (!successor_.empty() && under_way_ && now - asked_since_ >= options_.successor_silent) shunned_[successor_] = now + options_.successor_shunned;
  const auto best = std::find_if(order_.begin(), order_.end(), usable);
  const auto chosen = best == order_.end() ? node_name() : *best;
  if (chosen == successor_) return;
  successor_ = chosen;
  under_way_.reset();
}

std::optional<rows_to_read> row_shipper::tick(steady_time now, const alive_check& alive) {
  choose(now, alive);
  if (successor_.empty()) return std::nullopt;
  if (under_way_) {
    if (now - sent_at_ < options_.answer_within) return std::nullopt;
    sent_at_ = now;
    return under_way_;                           // the same again
  }
  const auto plain = plain_until_.find(successor_);
  const bool packed = plain == plain_until_.end() || plain->second <= now;
  const auto most = packed ? options_.most_packed_rows : options_.most_rows;
  if (now < next_at_ && lag() < most) return std::nullopt;
  for (const auto& [life, state] : lives_) {
    if (state.shipped >= state.last) continue;
    under_way_ = rows_to_read{life, state.shipped + 1, std::min<std::size_t>(state.last - state.shipped, most), packed};
    sent_at_ = asked_since_ = now;
    return under_way_;
  }
  return std::nullopt;
}

bool row_shipper::is_under_way(const rows_to_read& wanted) const noexcept {
  return under_way_ && under_way_->life == wanted.life && under_way_->first == wanted.first;
}

void row_shipper::pass_over(const rows_to_read& wanted) {
  auto& shipped = lives_[wanted.life].shipped;
  shipped = std::max(shipped, wanted.first + wanted.count - 1);
  under_way_.reset();
}

void row_shipper::run_read(const rows_to_read& wanted, std::size_t count, std::string packed, steady_time now, outbox& out) {
  if (!is_under_way(wanted)) return;
  if (count == 0) return pass_over(wanted);
  if (!under_way_->packed) return;               // asked for before it was known that the successor takes none
  sent_at_ = now;
  next_at_ = now + options_.every;
  out.send(successor_, shipped_run{wanted.life, wanted.first, count, std::move(packed)});
}

void row_shipper::rows_read(const rows_to_read& wanted, std::vector<std::string> rows, steady_time now, outbox& out) {
  if (!is_under_way(wanted)) return;
  if (rows.empty()) return pass_over(wanted);
  std::size_t bytes = 0, count = 0;
  while (count < rows.size() && (count == 0 || bytes + rows[count].size() <= options_.most_bytes)) bytes += rows[count++].size();
  rows.resize(count);
  sent_at_ = now;
  next_at_ = now + options_.every;
  out.send(successor_, shipped_rows{wanted.life, wanted.first, std::move(rows)});
}

void row_shipper::unsupported_by(const node_name& node, steady_time now) {
  plain_until_[node] = now + options_.plain_for;
  if (!under_way_ || node != successor_ || !under_way_->packed) return;
  under_way_->packed = false;
  sent_at_ = now - options_.answer_within;       // at once
}

void row_shipper::on(const node_name& from, const shipped_answer& message, steady_time now) {
  const auto state = lives_.find(message.life);
  if (state == lives_.end() || message.first > state->second.shipped + 1) return;   // a gap: the rows between are nowhere but here
  state->second.shipped = std::max(state->second.shipped, std::min(message.last, state->second.last));
  if (!under_way_ || from != successor_ || under_way_->life != message.life || under_way_->first > message.last) return;
  under_way_.reset();
  asked_since_ = now;
}

std::uint64_t row_shipper::shipped(std::uint64_t life) const {
  const auto state = lives_.find(life);
  return state == lives_.end() ? 0 : state->second.shipped;
}

std::uint64_t row_shipper::lag() const {
  std::uint64_t rows = 0;
  for (const auto& [life, state] : lives_) rows += state.last - state.shipped;
  return rows;
}

}  // namespace switchyard::cluster
