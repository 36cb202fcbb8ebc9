#include "actors/cluster/cache_exchange.hpp"

#include <map>

namespace switchyard::actors {

namespace {

void add(cluster::cache_seeker_figures& to, const cluster::cache_seeker_figures& more) {
  to.asked += more.asked;
  to.found += more.found;
  to.unanswered += more.unanswered;
  to.late += more.late;
  to.not_asked += more.not_asked;
}

}  // namespace

std::string cache_exchange::owner_of(std::string_view partition) const {
  const std::lock_guard guard(mutex_);
  if (!seeker_) return {};
  const auto& owner = seeker_->owner_of(partition);
  return owner == self_ ? std::string() : owner;
}

std::optional<std::uint64_t> cache_exchange::ask(const std::string& owner, cluster::cache_lookup what, cluster::cache_seeker::receiver then) {
  cluster::outbox out;
  std::optional<std::uint64_t> id;
  {
    const std::lock_guard guard(mutex_);
    if (!seeker_) return std::nullopt;
    id = seeker_->ask(owner, std::move(what), std::move(then), steady_now(), out);
  }
  if (id) transport_->send(out.take());
  return id;
}

void cache_exchange::give_up(std::uint64_t id) {
  const std::lock_guard guard(mutex_);
  if (seeker_) seeker_->give_up(id, steady_now());
}

bool cache_exchange::store(const std::string& owner, cluster::cache_store what) {
  const std::lock_guard guard(mutex_);
  if (stores_.size() >= most_stores || store_bytes_ + what.record.size() > most_store_bytes) {
    stores_dropped_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  store_bytes_ += what.record.size();
  stores_.emplace_back(owner, std::move(what));
  return true;
}

cache_exchange::traffic_figures cache_exchange::figures() const {
  traffic_figures all;
  {
    const std::lock_guard guard(mutex_);
    all.lookups = before_;
    if (seeker_) add(all.lookups, seeker_->figures());
  }
  all.answered = answered_.load(std::memory_order_relaxed);
  all.stores_sent = stores_sent_.load(std::memory_order_relaxed);
  all.stores_dropped = stores_dropped_.load(std::memory_order_relaxed);
  return all;
}

void cache_exchange::begin(const cluster::node_name& self, std::vector<cluster::node_name> all) {
  const std::lock_guard guard(mutex_);
  std::uint64_t last = 0;
  if (seeker_) {
    seeker_->end();
    add(before_, seeker_->figures());
    last = seeker_->last();
  }
  self_ = self;
  seeker_.emplace(self, std::move(all), cluster::cache_options{}, last);
}

void cache_exchange::see(const std::function<bool(const cluster::node_name&)>& alive) {
  const std::lock_guard guard(mutex_);
  if (seeker_) seeker_->see(alive);
}

void cache_exchange::on(const cluster::node_name& from, cluster::cache_answer said) {
  const std::lock_guard guard(mutex_);
  if (seeker_) seeker_->on(from, std::move(said));
}

void cache_exchange::unsupported_by(const cluster::node_name& node, steady_time now) {
  const std::lock_guard guard(mutex_);
  if (seeker_) seeker_->unsupported_by(node, now);
}

void cache_exchange::send_stores(cluster::outbox& out) {
  std::map<cluster::node_name, std::size_t> sent;
  std::deque<std::pair<cluster::node_name, cluster::cache_store>> later;
  const std::lock_guard guard(mutex_);
  while (!stores_.empty()) {
    auto one = std::move(stores_.front());
    stores_.pop_front();
    auto& bytes = sent[one.first];
    const auto size = one.second.record.size();
    if (bytes > 0 && bytes + size > store_bytes_each_tick) {
      bytes = store_bytes_each_tick;             // nothing overtakes
      later.push_back(std::move(one));
      continue;
    }
    bytes += size;
    store_bytes_ -= size;
    stores_sent_.fetch_add(1, std::memory_order_relaxed);
    out.send(one.first, one.second);
  }
  stores_ = std::move(later);
}

}  // namespace switchyard::actors
