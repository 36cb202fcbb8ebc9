#include "cluster/shared_records.hpp"

#include "cluster/rendezvous.hpp"

#include <tuple>

namespace switchyard::cluster {

namespace {

constexpr std::size_t most_in_one_list = 4096;

std::size_t group_of(const std::string& name) noexcept { return stable_hash(name) >> 58; }
std::uint64_t sum_of(const shared_record& record) { return stable_hash(encode(record)); }

}  // namespace

bool replaces(const shared_record& fresh, const shared_record& known, bool gone_wins) noexcept {
  if (gone_wins && fresh.gone != known.gone) return fresh.gone;
  return std::tie(fresh.counter, fresh.writer, fresh.gone, fresh.value) > std::tie(known.counter, known.writer, known.gone, known.value);
}

shared_records::shared_records(node_name self, std::vector<node_name> configured, record_options options)
    : self_(std::move(self)), options_(options) {
  for (auto& node : configured)
    if (node != self_) others_.push_back(std::move(node));
}

bool shared_records::fits(const shared_record& record) const noexcept {
  return !record.name.empty() && record.name.size() <= options_.longest_name && record.value.size() <= options_.longest_value &&
         (records_.size() < options_.most_records || records_.contains(record.name));
}

bool shared_records::take(shared_record record) {
  if (!fits(record)) return false;
  const auto group = group_of(record.name);
  const auto known = records_.find(record.name);
  if (known != records_.end()) {
    if (!replaces(record, known->second, options_.gone_wins)) return false;
    sums_[group] ^= sum_of(known->second);
  }
  sums_[group] ^= sum_of(record);
  by_group_[group].insert(record.name);
  auto name = record.name;
  records_.insert_or_assign(std::move(name), std::move(record));
  return true;
}

result<bool> shared_records::write(shared_record record, outbox& out) {
  if (!fits(record))
    return internal_error("a cluster shares at most " + std::to_string(options_.most_records) + " records of " + std::to_string(options_.longest_value >> 10) + " KiB each");
  const record_list news{{record}};
  if (!take(std::move(record))) return false;
  for (const auto& node : others_) out.send(node, news);
  return true;
}

void shared_records::tick(steady_time now, outbox& out) {
  if (others_.empty() || now < next_) return;
  next_ = now + options_.compare_every;
  out.send(others_[turn_++ % others_.size()], record_digest{{sums_.begin(), sums_.end()}, false});
}

void shared_records::send_group(const node_name& to, std::size_t group, outbox& out) const {
  record_list part;
  std::size_t bytes = 0;
  for (const auto& name : by_group_[group]) {
    const auto& record = records_.at(name);
    const auto size = record.name.size() + record.value.size() + 64;
    if (!part.records.empty() && (bytes + size > options_.most_bytes || part.records.size() >= most_in_one_list)) {
      out.send(to, part);
      part.records.clear();
      bytes = 0;
    }
    part.records.push_back(record);
    bytes += size;
  }
  if (!part.records.empty()) out.send(to, part);
}

void shared_records::on(const node_name& from, const record_digest& message, outbox& out) const {
  bool differs = false;
  for (std::size_t group = 0; group < groups; ++group) {
    const auto theirs = group < message.groups.size() ? message.groups[group] : 0;
    if (theirs == sums_[group]) continue;
    differs = true;
    send_group(from, group, out);
  }
  if (differs && !message.answer) out.send(from, record_digest{{sums_.begin(), sums_.end()}, true});
}

void shared_records::on(const node_name&, const record_list& message) {
  for (const auto& record : message.records)
    if (take(record)) learned_.push_back(record);
}

const shared_record* shared_records::find(const std::string& name) const {
  const auto found = records_.find(name);
  return found == records_.end() ? nullptr : &found->second;
}

}  // namespace switchyard::cluster
