// One configuration for a whole cluster: which of a file's sections all nodes share, and which each node keeps for itself.
//
//   shared      providers, routes, virtual_keys, telemetry, ledger, cache, and whatever a later version adds
//   each node's own   node, server, admin, cluster
#pragma once

#include "config/load.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace switchyard::config {

[[nodiscard]] bool is_local_section(std::string_view name) noexcept;

/// Reads the shared sections of `text`, which may be a whole file; the others are passed over unread and come from `local`. Checked as one file
/// is; places are those of `text`. Secrets by reference are this node's.
[[nodiscard]] load_result load_shared(std::string_view text, const std::string& file, const environment& env, const config& local);
/// `into` with the node's own sections of `local`.
[[nodiscard]] config with_local_sections(config into, const config& local);
/// Equal for texts whose shared sections say the same, whatever their layout and comments; "" for a text that is not YAML.
[[nodiscard]] std::string shared_fingerprint(std::string_view text);
/// Which of the node's own sections the text has: they are passed over.
[[nodiscard]] std::vector<std::string> local_sections_of(std::string_view text);

}  // namespace switchyard::config
