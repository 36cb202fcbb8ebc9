#include "cluster/roster.hpp"

#include <algorithm>
#include <charconv>
#include <set>

namespace switchyard::cluster {

namespace {

struct host_and_port {
  std::string host;
  std::uint16_t port = 0;
};

/// "10.0.0.1:8082", "[::1]:8082"; port 0: it is no address.
host_and_port parse(const std::string& address) {
  const auto colon = address.rfind(':');
  host_and_port parsed;
  if (colon == std::string::npos) return parsed;
  const char* end = address.data() + address.size();
  const auto [stop, failure] = std::from_chars(address.data() + colon + 1, end, parsed.port);
  if (failure != std::errc{} || stop != end) return {};
  parsed.host = address.substr(0, colon);
  if (parsed.host.size() > 2 && parsed.host.front() == '[') parsed.host = parsed.host.substr(1, parsed.host.size() - 2);
  return parsed;
}

bool stands_for_every_interface(const std::string& host) { return host.empty() || host == "0.0.0.0" || host == "::"; }

std::string join(const std::string& host, std::uint16_t port) {
  return (host.find(':') != std::string::npos ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace

roster::roster(options given) : given_(std::move(given)) {
  for (const auto& node : given_.configured)
    if (node != given_.self.node) others_[node].node = node;
}

void roster::replay(std::string_view record) {
  const auto stored = decode<introductions>(record);
  if (!stored) return;
  forgotten_.clear();
  for (const auto& gone : stored->forgotten) forgotten_[gone.node] = gone.incarnation;
  if (given_.configured.empty()) others_.clear();
  for (const auto& node : stored->nodes) {
    if (node.node == given_.self.node) continue;
    if (given_.configured.empty() || others_.contains(node.node)) others_[node.node] = node;
  }
  for (const auto& [node, incarnation] : forgotten_)
    if (const auto found = others_.find(node); found != others_.end() && found->second.incarnation <= incarnation) others_.erase(found);
}

bool roster::may_join(const node_name& node, std::uint64_t incarnation) const {
  if (node.empty() || node == given_.self.node || is_placeholder(node)) return false;
  const auto gone = forgotten_.find(node);
  if (gone != forgotten_.end() && gone->second >= incarnation) return false;
  const auto& configured = given_.configured;
  if (!configured.empty()) return std::find(configured.begin(), configured.end(), node) != configured.end();
  return others_.size() + 1 < most_nodes;
}

roster::verdict roster::met(const node_name& node, std::uint64_t incarnation, const std::string& seen_at) {
  seen_at_[node] = seen_at;
  if (const auto known = others_.find(node); known != others_.end()) {
    known->second.incarnation = std::max(known->second.incarnation, incarnation);
    return verdict::known;
  }
  if (!may_join(node, incarnation)) {
    const auto gone = forgotten_.find(node);
    return gone != forgotten_.end() && gone->second >= incarnation ? verdict::forgotten : verdict::full;
  }
  forgotten_.erase(node);
  others_[node] = {node, incarnation, "", ""};
  return verdict::added;
}

bool roster::take_farewell(const farewell& said) {
  auto& known = forgotten_[said.node];
  if (known >= said.incarnation) return false;
  const auto here = others_.find(said.node);
  if (here != others_.end() && here->second.incarnation > said.incarnation) {   // it came back since
    if (known == 0) forgotten_.erase(said.node);
    return false;
  }
  known = said.incarnation;
  if (here != others_.end()) others_.erase(here);
  return true;
}

bool roster::heard(const node_name& from, const introductions& said) {
  bool changed = false;
  for (const auto& gone : said.forgotten)
    if (forgotten_.size() < 4 * most_nodes || forgotten_.contains(gone.node)) changed = take_farewell(gone) || changed;
  for (auto one : said.nodes) {
    auto address = parse(one.address);
    if (one.node == from && address.port != 0 && stands_for_every_interface(address.host)) {
      const auto seen = seen_at_.find(from);
      one.address = seen == seen_at_.end() ? "" : join(seen->second, address.port);
    }
    const auto known = others_.find(one.node);
    if (known == others_.end()) {
      if (!may_join(one.node, one.incarnation)) continue;
      forgotten_.erase(one.node);
      others_[one.node] = one;
      changed = true;
      continue;
    }
    // A node's own word holds; others' only where nothing is known yet.
    auto& entry = known->second;
    if (one.node != from && one.incarnation <= entry.incarnation && !entry.address.empty()) continue;
    one.incarnation = std::max(one.incarnation, entry.incarnation);
    if (one.address.empty()) one.address = entry.address;
    if (one.build.empty()) one.build = entry.build;
    if (one == entry) continue;
    entry = one;
    changed = true;
  }
  return changed;
}

bool roster::forget(const node_name& node, std::uint64_t incarnation) {
  const auto known = others_.find(node);
  if (known == others_.end()) return false;
  const auto upto = std::max({incarnation, known->second.incarnation, std::uint64_t{1}});
  known->second.incarnation = std::min(known->second.incarnation, upto);
  return take_farewell({node, upto});
}

bool roster::self_forgotten() const {
  const auto gone = forgotten_.find(given_.self.node);
  return gone != forgotten_.end() && gone->second >= given_.self.incarnation;
}

std::vector<node_name> roster::names() const {
  std::vector<node_name> all{given_.self.node};
  for (const auto& [node, known] : others_) all.push_back(node);
  std::set<std::string> places;
  if (!stands_for_every_interface(parse(given_.self.address).host)) places.insert(given_.self.address);
  for (const auto& seed : given_.seeds) places.insert(join(seed.host, seed.port));
  // A seed may be this node's own address in other words, and a forgotten node's: then one place too many is kept until the configuration says better.
  const auto least = given_.configured.empty() ? std::min(places.size(), most_nodes) : 0;
  const auto gone = std::count_if(forgotten_.begin(), forgotten_.end(), [&](const auto& one) { return one.first != given_.self.node; });
  for (std::size_t i = all.size() + static_cast<std::size_t>(gone); i < least; ++i) all.push_back("?" + std::to_string(i));
  std::sort(all.begin(), all.end());
  return all;
}

introductions roster::introduce() const {
  introductions said;
  said.nodes.push_back(given_.self);
  for (const auto& [node, known] : others_) said.nodes.push_back(known);
  for (const auto& [node, incarnation] : forgotten_) said.forgotten.push_back({node, incarnation});
  return said;
}

std::vector<dial_target> roster::targets() const {
  auto all = given_.seeds;
  for (const auto& [node, known] : others_)
    if (auto at = parse(known.address); at.port != 0 && !stands_for_every_interface(at.host)) all.push_back({std::move(at.host), at.port, node});
  return all;
}

std::string roster::record() const { return encode(introduce()); }

}  // namespace switchyard::cluster
