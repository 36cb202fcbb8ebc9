// Answers laid down beforehand, for agents that must be led through a task: PUT /sim/script.
#pragma once

#include "base/result.hpp"
#include "tools/sim/conversation.hpp"

#include <deque>
#include <mutex>
#include <optional>
#include <regex>
#include <string>
#include <string_view>

namespace switchyard::sim {

/// Steps in their order; the first one left is taken by the next conversation that it fits. Thread-safe.
class answer_script {
 public:
  /// Replaces the steps by {"steps": [{"when"?: regex, "text"?, "calls"?: [{"name", "arguments"?}], "needs_tools"?}, ...]};
  /// all or nothing. `when` is looked for in each line of the last user or tool text.
  [[nodiscard]] outcome load(std::string_view json);
  void clear();
  /// The answer of the next step, which is used up by it; nothing when it does not fit or none is left.
  [[nodiscard]] std::optional<generated> take(const conversation& asked);
  /// {"used": N, "left": N}
  [[nodiscard]] std::string to_json() const;

 private:
  struct step {
    std::optional<std::regex> when;
    bool needs_tools = false;        ///< not for conversations that offer no tools
    std::string text;
    std::vector<std::pair<std::string, std::string>> calls;   ///< name, arguments
  };

  mutable std::mutex lock_;
  std::deque<step> left_;
  std::size_t used_ = 0;
};

}  // namespace switchyard::sim
