// One answer of the admin API made of what each node of a cluster said. Pure: no CAF, no clock.
//
// Lists get a member "node" in every row; figures of the ledger are added up, for each node keeps the rows of its own calls; nodes that did not
// answer are named in "missing".
#pragma once

#include "actors/cluster/admin_fanout.hpp"
#include "actors/cluster/cluster_node.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace switchyard::actors {

/// Is there an answer of the whole cluster to GET `path`?
[[nodiscard]] bool answers_for_the_cluster(std::string_view path) noexcept;
/// The query without `scope`.
[[nodiscard]] std::string without_scope(std::string_view query);
/// `answers` holds this node's own first; answers that are no JSON objects, or failures, count as missing.
[[nodiscard]] std::string merged_answer(std::string_view path, const std::vector<node_answer>& answers, std::vector<std::string> missing);

}  // namespace switchyard::actors
