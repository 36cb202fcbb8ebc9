// The section `cluster`: its table, and what must hold of it once the command line has had its say.
#pragma once

#include "config/rules.hpp"

#include <string>
#include <vector>

namespace switchyard::config {

inline constexpr std::size_t most_nodes = 9;

[[nodiscard]] rule_ptr<cluster_section> cluster_table();

struct cluster_gap {
  std::string key;                               ///< "cluster.tls"
  std::string message;
};
/// What is wrong with the section by itself and beside the node's name.
[[nodiscard]] std::vector<cluster_gap> cluster_gaps(const config& all, bool name_is_known);
/// What a node needs to start with it: seeds, members and TLS files are of no use without an address to listen on.
[[nodiscard]] std::vector<cluster_gap> cluster_start_gaps(const config& all);

}  // namespace switchyard::config
