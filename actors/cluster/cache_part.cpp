#include "actors/cluster/cache_part.hpp"

#include "actors/cluster/cache_wire.hpp"
#include "base/log.hpp"

namespace switchyard::actors {

namespace {

constexpr milliseconds answers_are_counted_for{20};

std::int64_t now_us() { return std::chrono::duration_cast<microseconds>(wall_now().time_since_epoch()).count(); }

}  // namespace

void cache_part::prepare(cluster::protocol_options&, cluster::node_protocols::surroundings& around) { around.cache = this; }

void cache_part::begin(cluster::node_protocols& protocols, steady_time) {
  protocols_ = &protocols;
  std::vector<cluster::node_name> all{protocols.name};
  for (const auto& seen : protocols.members.view()) all.push_back(seen.node);
  exchange_->begin(protocols.name, std::move(all));
  board_->cache_clears.attend();
}

void cache_part::tick(steady_time now) {
  if (protocols_ == nullptr || keeper_->answers() == nullptr) return;
  exchange_->see(protocols_->alive());
  exchange_->send_stores(protocols_->out);
  auto& clears = protocols_->clears;
  if (!clears.resumed()) {
    const auto known = keeper_->known_clears();
    if (!known) return;
    std::map<std::size_t, cluster::cache_clear> own;
    for (const auto& [slot, what] : known->own) own[slot] = {what.number, what.previous, what.route, what.tenant, what.tag};
    clears.resume(own, known->marks, now, protocols_->out);
  }
  for (auto& wanted : board_->cache_clears.take()) {
    const auto made = clears.clear(std::move(wanted.route), std::move(wanted.tenant), std::move(wanted.tag), now, protocols_->out);
    keeper_->keep_clear(static_cast<std::uint8_t>(made.slot), {made.what.number, made.what.previous, made.what.route, made.what.tenant, made.what.tag});
  }
  for (auto& one : clears.take(now)) keeper_->clear_for(one.writer, one.mark, std::move(one.what.route), std::move(one.what.tenant), std::move(one.what.tag));
}

void cache_part::on(const cluster::node_name& from, const cluster::cache_lookup& asked, steady_time now, cluster::outbox& out) {
  if (now - said_since_ >= answers_are_counted_for) {
    said_.clear();
    said_since_ = now;
  }
  auto& bytes = said_[from];
  cluster::cache_answer said;
  said.id = asked.id;
  const auto* cache = keeper_->answers();
  if (cache != nullptr && bytes < answer_bytes_each_tick) said = answer_of(*cache, asked, now_us());
  bytes += said.record.size();
  exchange_->answered();
  out.send(from, said);
}

void cache_part::on(const cluster::node_name& from, cluster::cache_answer&& said, steady_time) { exchange_->on(from, std::move(said)); }

void cache_part::on(const cluster::node_name& from, cluster::cache_store&& kept, steady_time) {
  const auto* cache = keeper_->answers();
  if (cache == nullptr) return;
  auto offer = offer_of(std::move(kept), *cache, keeper_->embedding(), now_us());
  if (!offer) {
    if (refused_.insert(from).second)
      log::warn("cache_store_refused", "an answer that a node sent does not fit this node's cache: have both the same models? Further ones are passed over", {{"node", from}});
    return;
  }
  keeper_->offer(*std::move(offer));
}

void cache_part::unsupported_by(const cluster::node_name& node, steady_time now) { exchange_->unsupported_by(node, now); }

}  // namespace switchyard::actors
