#include "cluster/revocations.hpp"

#include "cluster/rendezvous.hpp"

namespace switchyard::cluster {

namespace {

constexpr std::size_t most_ids = 4096;           // of one list
constexpr std::size_t longest_id = 128;

}  // namespace

revocations::revocations(node_name self, std::vector<node_name> configured, milliseconds compare_every)
    : self_(std::move(self)), compare_every_(compare_every) {
  for (auto& node : configured)
    if (node != self_) others_.push_back(std::move(node));
}

bool revocations::add(const std::string& id) {
  if (id.empty() || id.size() > longest_id || !ids_.insert(id).second) return false;
  const auto hash = stable_hash(id);
  by_group_[hash >> 60].insert(id);
  sums_[hash >> 60] ^= hash;
  return true;
}

void revocations::revoke(const std::string& id, outbox& out, journal_box& journal) {
  if (!add(id)) return;
  journal.write(id);
  for (const auto& node : others_) out.send(node, revocation_list{{id}});
}

void revocations::tick(steady_time now, outbox& out) {
  if (others_.empty() || now < next_) return;
  next_ = now + compare_every_;
  out.send(others_[turn_++ % others_.size()], revocation_digest{{sums_.begin(), sums_.end()}});
}

void revocations::send_group(const node_name& to, std::size_t group, outbox& out) const {
  revocation_list part;
  for (const auto& id : by_group_[group]) {
    part.revoked.push_back(id);
    if (part.revoked.size() < most_ids) continue;
    out.send(to, part);
    part.revoked.clear();
  }
  if (!part.revoked.empty()) out.send(to, part);
}

void revocations::on(const node_name& from, const revocation_digest& message, outbox& out) const {
  for (std::size_t group = 0; group < groups && group < message.groups.size(); ++group)
    if (message.groups[group] != sums_[group]) send_group(from, group, out);
}

void revocations::on(const node_name&, const revocation_list& message, journal_box& journal) {
  for (const auto& id : message.revoked)
    if (add(id)) journal.write(id);
}

}  // namespace switchyard::cluster
