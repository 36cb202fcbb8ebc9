#include "config/cluster.hpp"

#include "config/addresses.hpp"
#include "config/sections.hpp"

#include <algorithm>
#include <set>

namespace switchyard::config {

rule_ptr<cluster_section> cluster_table() {
  const auto tls = std::make_shared<section<cluster_tls>>(std::vector<field<cluster_tls>>{
      {"ca", &cluster_tls::ca, path(), "PEM file: the CA's certificate; the CA signs the nodes of this cluster and nothing else.", presence::required},
      {"cert", &cluster_tls::cert, path(), "PEM file: this node's certificate, whose DNS name is the node's name.", presence::required},
      {"key", &cluster_tls::key, path(), "PEM file: its private key.", presence::required},
  });
  return std::make_shared<section<cluster_section>>(
      std::vector<field<cluster_section>>{
          {"name", &cluster_section::name, name(), "Nodes of a cluster with another name are refused."},
          {"members", &cluster_section::members, std::make_shared<list_of<std::string>>(name()),
           "Names of all nodes, 2 to 9, this one included; left out: learned from each other."},
          {"listen", &cluster_section::listen, std::make_shared<optional_of<listen_address>>(address()),
           "Where other nodes connect; left out: this node stands alone. Port 0 asks for a free one."},
          {"seeds", &cluster_section::seeds, std::make_shared<list_of<listen_address>>(peer_address()),
           "Where other nodes listen. A name may lead to several; its own address among them does no harm."},
          {"tls", &cluster_section::tls, std::make_shared<optional_of<cluster_tls>>(tls),
           "Required unless listen and all seeds are loopback addresses; `switchyardctl cluster cert` makes the files."},
      },
      section_extras<cluster_section>{.foreign = {{"join", "seeds"}, {"peers", "seeds"}, {"nodes", "members"}, {"port", "listen"}}});
}

std::vector<cluster_gap> cluster_gaps(const config& all, bool name_is_known) {
  const auto& cluster = all.cluster;
  std::vector<cluster_gap> gaps;
  if (!cluster.members.empty()) {
    const std::set<std::string> distinct(cluster.members.begin(), cluster.members.end());
    if (distinct.size() != cluster.members.size()) gaps.push_back({"cluster.members", "each node is named once"});
    if (distinct.size() < 2 || distinct.size() > most_nodes)
      gaps.push_back({"cluster.members", "a cluster has 2 to " + std::to_string(most_nodes) + " nodes, not " + std::to_string(distinct.size())});
    if (name_is_known && !distinct.contains(all.node.name))
      gaps.push_back({"cluster.members", "this node's name, " + in_quotes(all.node.name) + ", is not among them"});
  }
  const auto is_off_loopback = [](const listen_address& address) { return !is_loopback(address); };
  if (cluster.tls) return gaps;
  if (cluster.listen && is_off_loopback(*cluster.listen))
    gaps.push_back({"cluster.tls", "is required, since cluster.listen is not a loopback address; `switchyardctl cluster cert` makes the files"});
  else if (std::any_of(cluster.seeds.begin(), cluster.seeds.end(), is_off_loopback))
    gaps.push_back({"cluster.tls", "is required, since not all of cluster.seeds are loopback addresses; `switchyardctl cluster cert` makes the files"});
  return gaps;
}

std::vector<cluster_gap> cluster_start_gaps(const config& all) {
  const auto& cluster = all.cluster;
  auto gaps = cluster_gaps(all, true);
  if (!cluster.listen && (!cluster.seeds.empty() || !cluster.members.empty() || cluster.tls))
    gaps.push_back({"cluster.listen", "is required in a cluster (or --cluster-listen ADDR:PORT)"});
  if (!cluster.listen) return gaps;
  for (const auto& [other, what] : {std::pair{all.server.listen, "server"}, std::pair{all.admin.listen, "admin"}})
    if (clash(*cluster.listen, other)) gaps.push_back({"cluster.listen", std::string(what) + " listens on " + to_string(other) + " already"});
  return gaps;
}

}  // namespace switchyard::config
